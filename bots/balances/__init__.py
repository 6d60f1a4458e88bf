"""What the relays say of their accounts and tokens: asked, cached, kept."""
