"""The settings of the tests: the product's own, in a data folder that goes away.

Nothing of the developer's environment gets in, but for the databases to test on.
"""

import atexit
import os
import shutil
import tempfile

for _name in [name for name in os.environ if name.startswith("VCFLOW_")]:
    if _name == "VCFLOW_DATABASE_URL" or _name.startswith("VCFLOW_TEST_"):
        continue
    del os.environ[_name]
_home = tempfile.mkdtemp(prefix="vcflow-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ.update(VCFLOW_HOME=_home, VCFLOW_LANG="en", VCFLOW_TIME_ZONE="Asia/Shanghai")

from vcflow_site.settings import *  # noqa: E402, F403  the environment has to be set first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"] == "vcflow_site.sqlite":  # noqa: F405  from the settings
    # As it would be anyway; pytest-django knows this only of Django's own backend.
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405
