"""The dispatch floor over HTTP: parse, admit, call one service, show. No rule is decided here."""
