"""The branch of nearfar's error tree that only HTTP knows.

NearfarError
├── InputError (ValueError)
│   └── MalformedRequestError        the request is not the HTTP or multipart it says it is
├── MediaTypeError (ValueError)      the request's Content-Type or Content-Encoding is not taken
├── NotAcceptableError (ValueError)  the client accepts nothing that we can answer
├── SlowUploadError (TimeoutError)   the body did not arrive in time
├── NotReadyError (RuntimeError)     the default model does not answer
└── AddressError (OSError)           the service cannot listen where it should
"""

from __future__ import annotations

from nearfar.errors import InputError, NearfarError


class MalformedRequestError(InputError):
    """The request is not the HTTP or multipart that it says it is."""


class MediaTypeError(NearfarError, ValueError):
    """The request's Content-Type or Content-Encoding is not one that we take."""


class NotAcceptableError(NearfarError, ValueError):
    """The client accepts nothing that we can answer."""


class SlowUploadError(NearfarError, TimeoutError):
    """The body did not arrive in time."""


class NotReadyError(NearfarError, RuntimeError):
    """The default model does not answer."""


class AddressError(NearfarError, OSError):
    """The service cannot listen on the address it was given."""


class ClientLeftError(Exception):
    """The client closed the connection: nobody is left to answer. Not an error of the tree, never shown."""
