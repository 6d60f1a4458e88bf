"""`parley batch` and `parley finetune`: jobs that a relay works on for hours."""
