{% include 'kinds/' ~ cookiecutter.model_kind ~ '/model.py' -%}
