"""The code that acts on a target, one module or package each. Plain classes that know no Prefect."""
