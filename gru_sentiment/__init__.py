"""gru-sent: small, accurate recurrent sentiment classifiers on an ordinary computer."""

__version__ = "0.1.0"
