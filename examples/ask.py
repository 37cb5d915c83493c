"""One question, without `async`: works in a script, in the interactive Python and in a notebook."""

import chit

message = chit.ask("Why is the sky blue?", wait=True)
print(message)
print("cost:", message.cost, "US dollars")
