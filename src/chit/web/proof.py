"""How two processes of one user know each other over a port that anybody might hold: both prove that they have read
the secret in `run/server.json`, and neither tells it.

Each proof names its side and the port that the caller sees, so that a stranger on another port can neither hand a
question on to the real server nor give an answer back as if it were a question.
"""

import hmac
import secrets
from hashlib import sha256

_CHALLENGE_BYTES = 32


def make_challenge() -> str:
    """Fresh for each question, so that no answer is of use twice."""
    return secrets.token_hex(_CHALLENGE_BYTES)


def prove_caller(secret: str, *, port: int, challenge: str) -> str:
    """By who asks."""
    return _sign(secret, f"caller {port} {challenge}")


def prove_server(secret: str, *, port: int, challenge: str, said: str) -> str:
    """By who answers; covers what was `said` with it."""
    return _sign(secret, f"server {port} {challenge} {said}")


def is_proof(given: object, expected: str) -> bool:
    """Compared in a time that tells nothing."""
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _sign(secret: str, text: str) -> str:
    return hmac.digest(secret.encode("utf-8", "replace"), text.encode("utf-8", "replace"), sha256).hex()
