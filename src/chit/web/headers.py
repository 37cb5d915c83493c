"""The headers of every response, errors and other people's mistakes included (security and reliability §2)."""

from multidict import CIMultiDict

TRUSTED_TYPES_POLICY = "chit"
"""The one policy that may be created, once: `static/fragments.js` does, for fragments that this server rendered."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"require-trusted-types-for 'script'; trusted-types {TRUSTED_TYPES_POLICY}"
)
SANDBOXED_POLICY = f"{CONTENT_SECURITY_POLICY}; sandbox"
"""Of what came from a person or a model: opened by itself, it runs nothing and has no origin (attack case 19)."""
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "Chit",  # and not what we run on
}
_NEVER_SENT = "set-cookie"
"""It would go to every port of this host."""
_CROSS_ORIGIN = "access-control-"


def put_headers(headers: CIMultiDict[str]) -> None:
    """Put the security headers in place and take away what is never sent, whoever put it there."""
    for name in {name.lower() for name in headers}:
        if name == _NEVER_SENT or name.startswith(_CROSS_ORIGIN):
            del headers[name]
    policy = headers.get("Content-Security-Policy")
    headers.update(SECURITY_HEADERS)
    if policy == SANDBOXED_POLICY:
        headers["Content-Security-Policy"] = policy
