#!/bin/sh
# Makes the cluster on the first start, then runs PostgreSQL as the postgres user with the arguments given.
# /etc/lakehouse may hold pg_hba.conf, server.crt and server.key; without it every client needs a password and no TLS.
set -eu

: "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}"
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

conf=/var/lib/postgresql/lakehouse
install -d -o postgres -g postgres -m 0700 "$PGDATA" "$conf"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  echo "$POSTGRES_PASSWORD" | as_postgres tee "$conf/password" >/dev/null
  as_postgres initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile="$conf/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  rm "$conf/password"
fi

if [ -e /etc/lakehouse/server.key ]; then
  install -o postgres -g postgres -m 0600 /etc/lakehouse/* "$conf"
  set -- -c ssl=on -c "ssl_cert_file=$conf/server.crt" -c "ssl_key_file=$conf/server.key" "$@"
else
  echo "host all all all scram-sha-256" > "$conf/pg_hba.conf"
  chown postgres "$conf/pg_hba.conf"
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups \
  postgres -c "hba_file=$conf/pg_hba.conf" -c listen_addresses='*' -c wal_level=logical \
  -c max_replication_slots=20 -c max_wal_senders=20 -c max_slot_wal_keep_size=4GB "$@"
