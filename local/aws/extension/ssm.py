"""Systems Manager: parameters (API reference, PutParameter and GetParametersByPath; user guide, "Parameter name
requirements" and "Managing parameter tiers")."""

import re

from moto.core.responses import ActionResult
from moto.ssm.exceptions import ParameterNotFound, ValidationException
from moto.ssm.models import Parameter, SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

LARGEST_STANDARD, LARGEST_ADVANCED = 4096, 8192
LONGEST_ARN = 1011
DEEPEST = 15
MOST_IN_A_PAGE = 10

_delete_parameter = SimpleSystemManagerBackend.delete_parameter
_put_parameter = SimpleSystemManagerResponse.put_parameter


def put_parameter(self: SimpleSystemManagerResponse) -> ActionResult:
    name, value = self._get_param("Name"), self._get_param("Value")
    _check_name(self, name)
    if self._get_param("Tier") in (None, "Standard") and len(value) > LARGEST_STANDARD:
        raise ValidationException(
            f"Standard tier parameters support a maximum parameter value of {LARGEST_STANDARD} characters."
        )
    if len(value) > LARGEST_ADVANCED:
        raise ValidationException(f"Advanced tier parameters support a maximum of {LARGEST_ADVANCED} characters.")
    if not self._get_param("Type") and name not in parameters(self.ssm_backend):
        raise ValidationException("A parameter type is required when you create a parameter.")
    # "You can't include {{}} or {{ssm:parameter-name}} in a parameter value."
    if "{{" in value:
        raise ValidationException("Parameter value can't nest another parameter. Do not use {{}} in the value.")
    return _put_parameter(self)


def _check_name(self: SimpleSystemManagerResponse, name: str) -> None:
    if not re.fullmatch(r"[a-zA-Z0-9_.\-/]+", name):
        raise ValidationException("Only a mix of letters, numbers and the following 4 symbols .-_/ are allowed.")
    if "/" in name and not name.startswith("/"):
        raise ValidationException("Parameter name must be a fully qualified name.")
    if name.endswith("/") or "//" in name:
        raise ValidationException("Parameter name must not have an empty level.")
    if name.count("/") > DEEPEST:
        raise ValidationException(f"The parameter name has more than {DEEPEST} levels.")
    if re.match(r"/?(aws|ssm)", name, re.IGNORECASE):
        raise ValidationException('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).')
    arn = f"arn:{self.partition}:ssm:{self.region}:{self.current_account}:parameter/{name.removeprefix('/')}"
    if len(arn) > LONGEST_ARN:
        raise ValidationException(f"The parameter's ARN has more than {LONGEST_ARN} characters.")


def get_parameters_by_path(self: SimpleSystemManagerResponse) -> ActionResult:
    path, limit = self._get_param("Path"), self._get_param("MaxResults", 10)
    if not path.startswith("/"):
        raise ValidationException('The parameter name must begin with a forward slash "/".')
    if not 1 <= limit <= MOST_IN_A_PAGE:
        raise ValidationException(f"maxResults must have a value less than or equal to {MOST_IN_A_PAGE}.")
    # A path stands for what is below it, with or without a slash at its end; a name without slashes lies below "/".
    below = path.rstrip("/") + "/"
    recursive, begin = self._get_param("Recursive", False), int(self._get_param("NextToken") or 0)
    found = [
        kept
        for name, kept in sorted(parameters(self.ssm_backend).items())
        for full in [name if name.startswith("/") else f"/{name}"]
        if full.startswith(below) and (recursive or "/" not in full.removeprefix(below))
    ]
    page, end = found[begin : begin + limit], begin + limit
    shown = [kept.response_object(self._get_param("WithDecryption"), self.region) for kept in page]
    return ActionResult({"Parameters": shown, "NextToken": str(end) if end < len(found) else None})


def delete_parameter(self: SimpleSystemManagerBackend, name: str) -> None:
    if name not in parameters(self):
        raise ParameterNotFound(f"Parameter {name} not found.")
    _delete_parameter(self, name)


def parameters(backend: SimpleSystemManagerBackend) -> dict[str, Parameter]:
    """The newest version of each, by name. Moto keeps an empty list for a name that was only asked for."""
    return {name: kept[-1] for name, kept in dict(backend._parameters).items() if kept}  # noqa: SLF001 (moto shows them page by page)


METHODS = {
    SimpleSystemManagerResponse: {
        "put_parameter": put_parameter,
        "get_parameters_by_path": get_parameters_by_path,
    },
    SimpleSystemManagerBackend: {"delete_parameter": delete_parameter},
}
