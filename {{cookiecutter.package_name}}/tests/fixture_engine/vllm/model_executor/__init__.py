"""Stands for ``vllm.model_executor``: a place for ``models``; leaves out the rest."""
