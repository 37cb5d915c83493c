"""The shells that are answered, and how each asks: click's ways, but that bash is asked by its whole line.

Bash cuts words at colons and equals signs, so that neither `openai/gpt-5-mini:free` nor `temperature=` would be one.
"""

import os
from collections.abc import Mapping

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

_BASH = """\
%(complete_func)s() {
    local line=${COMP_LINE:0:COMP_POINT} cut="" mark type value
    local word=${line##*[[:space:]]}
    for mark in : =; do  # what bash itself has cut off the word stays on the line
        if [[ $COMP_WORDBREAKS == *"$mark"* && $word == *"$mark"* ]]; then
            local kept=${word%%"${word##*"$mark"}"}
            (( ${#kept} > ${#cut} )) && cut=$kept
        fi
    done
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                [[ $value == *= ]] && compopt -o nospace
                COMPREPLY+=("${value#"$cut"}") ;;
        esac
    done < <(COMP_WORDS="$line" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(BashComplete):
    """Asked with the line as far as the cursor."""

    source_template = _BASH

    @staticmethod
    def _check_version() -> None:
        """Not which bash is here, but which one will read the script matters: the help says it."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is being typed, and that."""
        line = os.environ.get("COMP_WORDS", "")
        words = split_arg_string(line)
        incomplete = "" if not words or line[-1:].isspace() else words.pop()
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        """`type,value`."""
        return f"{item.type},{item.value}"


SHELLS: Mapping[str, type[ShellComplete]] = {"bash": Bash, "zsh": ZshComplete, "fish": FishComplete}
