"""What admins are told of by themselves: quota that runs out, relays that fail, reports."""
