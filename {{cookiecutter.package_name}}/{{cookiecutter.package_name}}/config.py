{% include 'kinds/' ~ cookiecutter.model_kind ~ '/config.py' -%}
