"""The family of errors. Each message says what is wrong and how to mend it."""


class DeixisError(Exception):
    """Base of every error that Deixis raises on purpose."""


class ImageError(DeixisError):
    """An image or document can't be taken in: missing, damaged, too large or not an image."""


class FetchError(ImageError):
    """An image's address is refused or didn't deliver."""


class ImageHandleError(DeixisError):
    """A handle or content hash names no image that is held."""


class PlaceError(DeixisError):
    """A point or box is malformed, outside its image, or on an unknown image."""


class FontError(DeixisError):
    """No installed font can draw a text."""


class ModelError(DeixisError):
    """A vision model can't be had or can't do what was asked of it."""


class ToolError(DeixisError):
    """A tool can't do what was asked; the message goes back to the model, which can mend it."""


class StoppedError(DeixisError):
    """Somebody stopped what was going on; the conversation can be resumed, or asked anew."""


class TranslationError(DeixisError):
    """A text can't be translated with what is installed."""


class EndpointError(DeixisError):
    """A model's server can't be reached, or refuses, or answers what can't be read."""


class StreamCutError(EndpointError, ConnectionError):
    """A model's server broke off in the middle of an answer; asking again may go through."""
