#!/usr/bin/env bash
# The POC document's commands in its order, on the resources of infra/terraform. See README.md for what it needs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
terraform_folder=${TERRAFORM_FOLDER:-$root/infra/terraform/envs/local}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }
die() { printf 'walkthrough: %s\n' "$*" >&2; exit 1; }
until_is() { # until_is SECONDS WANTED COMMAND...: poll until the command prints what is wanted
  local end=$((SECONDS + $1)) wanted=$2 found=
  shift 2
  while found=$("$@") && [ "$found" != "$wanted" ]; do
    case $found in *FAILED* | *ERROR* | *failed* | *STOPPED*) die "$* says $found" ;; esac
    [ $SECONDS -lt $end ] || die "$* still says $found, not $wanted"
    sleep 1
  done
}
ask() { # ask SQL: run it in Athena and print its rows, tabs between
  local id state
  id=$(aws athena start-query-execution --query-string "$1" \
    --result-configuration "OutputLocation=s3://lakehouse-poc-dev-athena-ti4jmrk8/" \
    --work-group lakehouse-poc-dev-workgroup --query QueryExecutionId --output text)
  while state=$(aws athena get-query-execution --query-execution-id "$id" --query 'QueryExecution.Status.State' --output text) \
    && [[ $state == QUEUED || $state == RUNNING ]]; do sleep 0.2; done
  [ "$state" = SUCCEEDED ] || die "$1: $(aws athena get-query-execution --query-execution-id "$id" \
    --query 'QueryExecution.Status.StateChangeReason' --output text)"
  aws athena get-query-results --query-execution-id "$id" \
    --query 'ResultSet.Rows[].[Data[].VarCharValue | join(`\t`, @)]' --output text
}

for program in aws terraform lakehouse; do command -v "$program" > /dev/null || die "$program is not on the PATH"; done
[ -n "${AWS_ENDPOINT_URL:-}" ] || die 'no endpoint: lakehouse up && lakehouse seed --scale small && eval "$(lakehouse env)"'

say "The infrastructure: infra/terraform"
lakehouse deploy plan --checkout "$root" --json > "$work/deploy.json"
wheel=$(python -c 'import json, sys; print(json.load(open(sys.argv[1]))["objects"][0]["key"])' "$work/deploy.json")
export TF_VAR_source_database=$PGDATABASE TF_VAR_source_ca_certificate_file=$PGSSLROOTCERT TF_VAR_wheel=$wheel
terraform -chdir="$terraform_folder" apply -auto-approve -no-color | grep '^Apply complete'
lakehouse deploy apply --checkout "$root"
terraform -chdir="$terraform_folder" output -json lakehouse > "$work/lakehouse.json"
named() { python -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/lakehouse.json" "$1"; }

say "Phase 1: DMS loads PostgreSQL into bronze"
python - <<'PYTHON' | lakehouse deploy source --host "$PGHOST" --port "$PGPORT" --username lakehouse_capture --password-stdin
import json, os, pathlib

print(json.loads((pathlib.Path(os.environ["LAKEHOUSE_HOME"]) / "passwords.json").read_text())["capture"])
PYTHON
task=$(named replication_task_arn)
aws dms start-replication-task --replication-task-arn "$task" --start-replication-task-type start-replication > /dev/null
until_is 180 100 aws dms describe-replication-tasks --filters "Name=replication-task-arn,Values=$task" \
  --query 'ReplicationTasks[0].ReplicationTaskStats.FullLoadProgressPercent' --output text
aws s3 ls s3://lakehouse-poc-dev-bronze-ti4jmrk8/dms-data/public/

say "Day 1: catalog bronze and query it"
aws glue start-crawler --name lakehouse-poc-dev-bronze-crawler --region us-west-2 --profile ramses
until_is 120 $'READY\tSUCCEEDED' aws glue get-crawler \
  --name lakehouse-poc-dev-bronze-crawler \
  --region us-west-2 \
  --profile ramses \
  --query "Crawler.[State,LastCrawl.Status]" --output text
tables=$(aws glue get-tables --database-name lakehouse-poc_dev_bronze --region us-west-2 --profile ramses \
  --query 'TableList[].Name' --output text)
echo "$tables"
[ "$(wc -w <<< "$tables")" = 12 ] || die "bronze has $(wc -w <<< "$tables") tables, not 12"

echo "as the document has it, without quotes, Athena refuses the name:"
if aws athena start-query-execution \
  --query-string "SELECT COUNT(*) FROM lakehouse-poc_dev_bronze.core_tenant" \
  --result-configuration "OutputLocation=s3://lakehouse-poc-dev-athena-ti4jmrk8/" \
  --work-group lakehouse-poc-dev-workgroup; then die "a name that AWS refuses was taken"; fi
ask 'SELECT COUNT(*) FROM "lakehouse-poc_dev_bronze".core_tenant'
ask 'SELECT * FROM "lakehouse-poc_dev_bronze".core_tenant LIMIT 10'

say "Day 2: a first silver transformation, the document's script"
aws s3 cp "$here/transform_tenant.py" \
  s3://lakehouse-poc-dev-scripts-ti4jmrk8/etl/transform_tenant.py \
  --region us-west-2 \
  --profile ramses
aws glue create-job \
  --name lakehouse-poc-transform-tenant \
  --role lakehouse-poc-dev-glue-role \
  --command "Name=glueetl,ScriptLocation=s3://lakehouse-poc-dev-scripts-ti4jmrk8/etl/transform_tenant.py" \
  --default-arguments '{"--TempDir":"s3://lakehouse-poc-dev-scripts-ti4jmrk8/temp/"}' \
  --region us-west-2 \
  --profile ramses
run=$(aws glue start-job-run --job-name lakehouse-poc-transform-tenant --region us-west-2 --profile ramses --query JobRunId --output text)
until_is 300 SUCCEEDED aws glue get-job-run --job-name lakehouse-poc-transform-tenant --run-id "$run" \
  --query JobRun.JobRunState --output text
aws s3 ls --recursive s3://lakehouse-poc-dev-silver-ti4jmrk8/tenant/
# The template's plain Parquet is not the lake's table: it makes room for it.
aws s3 rm --only-show-errors --recursive s3://lakehouse-poc-dev-silver-ti4jmrk8/tenant/

say "Days 3 to 5: the hour's workflow: crawl, eight silver jobs, gold, catalog"
flow=$(aws glue start-workflow-run --name lakehouse-poc-dev-hourly --query RunId --output text)
until_is 1500 COMPLETED aws glue get-workflow-run --name lakehouse-poc-dev-hourly --run-id "$flow" --query Run.Status --output text
aws glue get-workflow-run --name lakehouse-poc-dev-hourly --run-id "$flow" --query Run.Statistics

say "Day 6: silver and gold in Athena"
ask 'SELECT status, count(*) AS orders FROM "lakehouse-poc_dev_silver"."orders" GROUP BY status ORDER BY 2 DESC'
ask 'SELECT * FROM "lakehouse-poc_dev_gold".revenue_by_tenant ORDER BY total_revenue DESC LIMIT 5'

say "What this would cost in an account"
terraform -chdir="$terraform_folder" plan -no-color -out "$work/tfplan" > /dev/null
terraform -chdir="$terraform_folder" show -json "$work/tfplan" > "$work/plan.json"
lakehouse cost "$work/plan.json"
echo
echo "the walkthrough is complete"
