"""Models behind a server, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, ValidationError

from deixis.vision._errors import ModelError
from deixis.vision.endpoint._client import Client
from deixis.vision.endpoint._failures import Endpoint
from deixis.vision.endpoint._model import EndpointModel
from deixis.vision.endpoint._names import parse_endpoint
from deixis.vision.endpoint._retries import Retries
from deixis.vision.endpoint._servers import ServerKind, check_key, key_for, server_of


def load_endpoint(name: str, **options: Any) -> EndpointModel:
    """The model of a name.

    Args:
        name: `dashscope:MODEL` or `openai:URL#MODEL`, either with `?family=FAMILY` at its end;
            `openai:URL` for a server that offers one model.
        **options: Fields of `EndpointModel`.

    Raises:
        ModelError: The name or an option is wrong, the family can't be told, or a key is missing.
        EndpointError: The server had to be asked and doesn't answer.
    """
    unknown = sorted(options.keys() - EndpointModel.model_fields.keys())
    if unknown:
        raise TypeError(f"load_endpoint() got an unexpected keyword argument {unknown[0]!r}")
    said = parse_endpoint(name)
    told: dict[str, Any] = {"base_url": said.base_url, "server": said.server}
    if said.family is not None:
        told["family"] = said.family
    told["model"] = said.model or _only_model(said.base_url, told | options)
    try:
        return EndpointModel(**(told | options))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        raise ModelError(f"{where}: {wrong['msg'].lower()}") from None


def _only_model(url: str, options: Mapping[str, Any]) -> str:
    """The one model that a server offers.

    Raises:
        ModelError: It offers none or several.
    """
    server: ServerKind = options.get("server") or server_of(url)
    given = options.get("api_key")
    key = key_for(url, server, SecretStr(given) if isinstance(given, str) else given)
    check_key(url, key)
    endpoint = Endpoint(
        url=url, model="", server=server, key=key, timeout=options.get("timeout", 30.0)
    )
    client = Client(endpoint, retries=Retries(number=0), http=options.get("http"))
    try:
        served = client.models()
    finally:
        client.close()
    if len(served) == 1:
        return served[0].id
    offered = ", ".join(endpoint.clean(model.id) for model in served[:8]) or "none"
    raise ModelError(f"{endpoint.host} offers {offered}: name one, as openai:{url}#MODEL")
