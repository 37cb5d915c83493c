"""What this program is called, where it lives and which version it is. Imports nothing, so that reading it is free."""

NAME = "Chit"
VERSION = "0.1.0"
DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"
DEFAULT_PORT = 2448
"""Where the pages are served, on this machine only. One fixed port, since browsers keep what a page stores per port."""

CREDITS_PAGE = "https://openrouter.ai/settings/credits"
KEYS_PAGE = "https://openrouter.ai/settings/keys"
MANAGEMENT_KEYS_PAGE = "https://openrouter.ai/settings/management-keys"
MODELS_PAGE = "https://openrouter.ai/models"
PREFERENCES_PAGE = "https://openrouter.ai/settings/preferences"
PRIVACY_PAGE = "https://openrouter.ai/settings/privacy"
INTEGRATIONS_PAGE = "https://openrouter.ai/settings/integrations"
ACTIVITY_PAGE = "https://openrouter.ai/activity"
STATUS_PAGE = "https://status.openrouter.ai"
