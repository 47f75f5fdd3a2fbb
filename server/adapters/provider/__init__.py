"""An OpenID Connect provider, asked over HTTP."""
