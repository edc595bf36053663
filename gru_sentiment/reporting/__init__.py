"""Results as text: for a terminal, as Markdown and as JUnit XML."""
