{% include 'kinds/' ~ cookiecutter.model_kind ~ '/test_generation.py' -%}
