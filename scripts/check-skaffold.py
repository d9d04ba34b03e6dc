"""Looks whether a skaffold.yaml is a v4beta13 of the few fields that Outfit renders, and whether what it names is there.

    python3 scripts/check-skaffold.py PROJECT/skaffold.yaml
"""

import os
import sys

from ruamel.yaml import YAML

path = sys.argv[1]
folder = os.path.dirname(path)
with open(path) as file:
    root = YAML(typ="safe").load(file)
problems = []


def known(value, place, keys):
    if not isinstance(value, dict):
        problems.append(f"{place} is no mapping")
        return {}
    for key in value:
        if key not in keys:
            problems.append(f"{place} has the unknown key {key}")
    return value


def artifacts(build, place):
    names = []
    for artifact in known(build, place, {"artifacts", "local"}).get("artifacts", []):
        known(artifact, f"{place}.artifacts", {"image", "context", "docker", "sync"})
        docker = known(artifact["docker"], f"{place}.docker", {"dockerfile", "target"})
        with open(os.path.join(folder, docker["dockerfile"])) as file:
            if f" AS {docker['target']}\n" not in file.read():
                problems.append(f"{place}: the Dockerfile has no stage {docker['target']}")
        for rule in known(artifact.get("sync", {}), f"{place}.sync", {"manual"}).get("manual", []):
            known(rule, f"{place}.sync.manual", {"src", "dest", "strip"})
        names.append((artifact["image"], docker["target"]))
    return names


def manifests(value, place):
    kustomize = known(known(value, place, {"kustomize"}).get("kustomize"), f"{place}.kustomize", {"paths"})
    for overlay in kustomize.get("paths", []):
        if not os.path.isfile(os.path.join(folder, overlay, "kustomization.yaml")):
            problems.append(f"{place}: there is no {overlay}")


def deploy(value, place):
    kubectl = known(known(value, place, {"kubectl", "statusCheckDeadlineSeconds", "tolerateFailuresUntilDeadline"}).get("kubectl"), f"{place}.kubectl", {"hooks"})
    hooks = known(kubectl.get("hooks", {}), f"{place}.hooks", {"before"})
    for hook in hooks.get("before", []):
        if not all(isinstance(word, str) for word in known(hook["host"], place, {"command"})["command"]):
            problems.append(f"{place}: a hook's command is no list of words")


def forwards(value, place):
    ports = set()
    for forward in value.get("portForward", []):
        known(forward, place, {"resourceType", "resourceName", "namespace", "port", "localPort"})
        if forward["resourceType"] not in ("service", "deployment") or not isinstance(forward["port"], int):
            problems.append(f"{place}: {forward} can't be forwarded")
        if forward["localPort"] in ports:
            problems.append(f"{place}: two forwards to the port {forward['localPort']}")
        ports.add(forward["localPort"])


known(root, "skaffold.yaml", {"apiVersion", "kind", "metadata", "build", "manifests", "deploy", "portForward", "profiles"})
if (root.get("apiVersion"), root.get("kind")) != ("skaffold/v4beta13", "Config"):
    problems.append("it is no skaffold/v4beta13 Config")
pairs = artifacts(root["build"], "build")
manifests(root["manifests"], "manifests")
deploy(root["deploy"], "deploy")
forwards(root, "portForward")
names = set()
for profile in root.get("profiles", []):
    place = profile["name"]
    if place in names:
        problems.append(f"two profiles are called {place}")
    names.add(place)
    known(profile, "profiles", {"name", "build", "manifests", "deploy", "portForward"})
    manifests(profile["manifests"], place)
    # What a profile leaves out is what stands above.
    if "build" in profile:
        pairs += artifacts(profile["build"], place)
    if "deploy" in profile:
        deploy(profile["deploy"], place)
    forwards(profile, place)
targets = {}
for image, target in pairs:
    if targets.setdefault(image, target) != target:
        problems.append(f"{image} names the images of two targets")
for problem in problems:
    print(problem)
sys.exit(bool(problems))
