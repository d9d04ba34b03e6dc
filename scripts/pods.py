"""Makes pods of what kustomize evaluated, for a runtime that knows no controllers (`podman kube play`).

    python3 scripts/pods.py OBJECTS.yaml FOLDER VARIABLE=VALUE...

For each Deployment, StatefulSet and Job FOLDER/NAME.yaml is written: a Pod with the very template, of the same name, and
the ConfigMaps and the Secret that it refers to; each VARIABLE is a key of that Secret. A claim is a volume of its name; an emptyDir has the pod's name before its own. FOLDER/NAME.probes has what a kubelet would ask of it, as lines of JSON: CONTAINER, KIND and the probe; a port's
name is its number there. FOLDER/list has a line for each: NAME KIND, and the Service's name that finds it.
"""

import base64
import copy
import json
import os
import sys

import yaml

source, folder, *variables = sys.argv[1:]
secret = dict(variable.split("=", 1) for variable in variables)
with open(source) as file:
    objects = [one for one in yaml.safe_load_all(file) if one]
os.makedirs(folder, exist_ok=True)


def references(value, key):
    """The names that stand under `key` anywhere in the pod."""
    if isinstance(value, dict):
        if isinstance(value.get(key), dict) and "name" in value[key]:
            yield value[key]["name"]
        for one in value.values():
            yield from references(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from references(one, key)


def of(kind):
    return [one for one in objects if one["kind"] == kind]


listed = []
for workload in of("Deployment") + of("StatefulSet") + of("Job"):
    name = workload["metadata"]["name"]
    template = workload["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": copy.deepcopy(template["metadata"]), "spec": copy.deepcopy(template["spec"])}
    pod["metadata"]["name"] = name
    documents = []
    # Podman has one volume for all that are called the same.
    own = {volume["name"]: f"{name}-{volume['name']}" for volume in pod["spec"].get("volumes", []) if "emptyDir" in volume}
    for volume in pod["spec"].get("volumes", []):
        volume["name"] = own.get(volume["name"], volume["name"])
    for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
        for mount in container.get("volumeMounts", []):
            mount["name"] = own.get(mount["name"], mount["name"])
    # What the controller of a StatefulSet does.
    for claim in workload["spec"].get("volumeClaimTemplates", []):
        held = f"{claim['metadata']['name']}-{name}-0"
        pod["spec"].setdefault("volumes", []).append(
            {"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": held}}
        )
    maps = set(references(pod, "configMap")) | set(references(pod, "configMapRef")) | set(references(pod, "configMapKeyRef"))
    documents += [one for one in of("ConfigMap") if one["metadata"]["name"] in maps]
    for held in sorted(set(references(pod, "secretRef")) | set(references(pod, "secretKeyRef"))):
        data = {key: base64.b64encode(value.encode()).decode() for key, value in secret.items()}
        documents.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": held}, "data": data})
    with open(os.path.join(folder, f"{name}.yaml"), "w") as file:
        yaml.safe_dump_all(documents + [pod], file, sort_keys=False)

    with open(os.path.join(folder, f"{name}.probes"), "w") as file:
        for container in pod["spec"]["containers"]:
            ports = {port["name"]: port["containerPort"] for port in container.get("ports", []) if "name" in port}
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                probe = copy.deepcopy(container.get(kind))
                if probe is None:
                    continue
                for way in ("httpGet", "tcpSocket"):
                    if way in probe:
                        probe[way]["port"] = ports.get(probe[way]["port"], probe[way]["port"])
                file.write(json.dumps([container["name"], kind, probe]) + "\n")

    labels = template["metadata"]["labels"]
    services = [
        one["metadata"]["name"]
        for one in of("Service")
        if all(labels.get(key) == value for key, value in one["spec"]["selector"].items())
    ]
    listed.append(" ".join([name, workload["kind"], *services]))

with open(os.path.join(folder, "list"), "w") as file:
    file.write("\n".join(listed) + "\n")
