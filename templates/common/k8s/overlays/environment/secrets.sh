#!/bin/sh
# Makes the Secret of the environment {{environment.name}}, with random values, unless it is there.
# It asks the cluster of kubectl's current context: `skaffold dev` runs it before it deploys.
set -eu

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

kubectl get namespace {{environment.namespace}} >/dev/null 2>&1 || kubectl create namespace {{environment.namespace}}
if kubectl --namespace {{environment.namespace}} get secret {{app.name}}-secrets >/dev/null 2>&1; then
  exit 0
fi
kubectl --namespace {{environment.namespace}} create secret generic {{app.name}}-secrets \
{{#secrets}}
  --from-literal={{name}}="$(random)" \
{{/secrets}}
  >&2
