{% include 'kinds/' ~ cookiecutter.model_kind ~ '/test_model.py' -%}
