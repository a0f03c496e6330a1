"""Methods of arrays, text and numbers, with JavaScript's meaning; `builtins` joins the tables."""
