"""The promises, each as an experiment from outside. See docs/promises.md."""
