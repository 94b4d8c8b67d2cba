# A PostgreSQL server to test on: the one at 127.0.0.1:5432 if it lets us in, else a cluster of our own.
# Source it after lib.sh; start_postgres sets POSTGRES_URL, stop_postgres ends what was started.

POSTGRES_DATA=""

start_postgres() {
    POSTGRES_URL=postgres://postgres@127.0.0.1:5432
    if answers "$POSTGRES_URL"; then
        echo "Using the server at 127.0.0.1:5432"
        return
    fi
    local bin port=54329
    # Debian keeps initdb out of the PATH.
    bin=$(newest_bin || { need initdb postgresql && newest_bin; })
    POSTGRES_DATA=$(mktemp -d)
    as_root chown postgres "$POSTGRES_DATA"
    as_postgres "$bin/initdb" --pgdata "$POSTGRES_DATA/cluster" --auth trust --encoding UTF8 >/dev/null
    as_postgres "$bin/pg_ctl" --pgdata "$POSTGRES_DATA/cluster" --log "$POSTGRES_DATA/log" --wait \
        --options "-p $port -k $POSTGRES_DATA -c listen_addresses=127.0.0.1" start >/dev/null
    POSTGRES_PG_CTL=$bin/pg_ctl
    POSTGRES_URL=postgres://postgres@127.0.0.1:$port
    answers "$POSTGRES_URL"
    echo "Started a cluster at 127.0.0.1:$port"
}

stop_postgres() {
    if [ -z "$POSTGRES_DATA" ]; then return; fi
    as_postgres "$POSTGRES_PG_CTL" --pgdata "$POSTGRES_DATA/cluster" --mode immediate stop >/dev/null || true
    as_root rm -rf "$POSTGRES_DATA"
}

newest_bin() {
    find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1 | grep .
}

answers() {
    .venv/bin/python - "$1/postgres" 2>/dev/null <<'PYTHON'
import sys
import psycopg
psycopg.connect(sys.argv[1], connect_timeout=3).execute("SELECT 1")
PYTHON
}

as_postgres() {
    as_root runuser --user postgres -- "$@"
}
