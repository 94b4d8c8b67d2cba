"""The database on PostgreSQL into which a backup is restored for a trial."""

import psycopg
import pytest

from vcflow_site.backups import rehearsal


@pytest.mark.postgresql
@pytest.mark.django_db
def test_scratch_database_goes_though_its_maker_is_ended():
    urls = []

    def look():
        with rehearsal._scratch_database() as url:
            psycopg.connect(url).close()
            urls.append(url)
            raise KeyboardInterrupt(143)

    with pytest.raises(KeyboardInterrupt):
        look()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(urls[0])
