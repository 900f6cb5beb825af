"""Taking bronze into silver and gold: who may write, what was taken in, and the run itself."""
