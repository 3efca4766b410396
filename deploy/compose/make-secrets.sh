#!/bin/sh
# Writes the secrets of compose.yaml into the folder `secrets` beside it, or into the folder given as an argument.
# Keeps secrets that are there already.
set -eu

folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
cd "$folder"

made() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

[ -e postgres-password ] || made > postgres-password
[ -e grafana-password ] || made > grafana-password
[ -e segue.yaml ] || cat > segue.yaml <<END
# Read at the start: SEGUE_CONFIG. Any setting may stand here, under its name in lower case without SEGUE_.
store_url: postgresql://segue:$(cat postgres-password)@postgres:5432/segue
admin_token: $(made)
END
# The containers read these files as users of their own. The folder keeps other people of this machine out.
chmod 644 postgres-password grafana-password segue.yaml
echo "$(pwd): postgres-password, grafana-password, segue.yaml (with the operators' token)"
