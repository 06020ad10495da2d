"""What `kubectl` does to a deployment between its first apply and its deletion; the same for every way to sign in."""

import pathlib
import select
import time

MANIFEST = str(pathlib.Path(__file__).parent.parent / "manifests" / "web.yaml")


def exercise(kube):
    objects(kube)
    rollouts(kube)
    logs_and_watches(kube)
    deletion(kube)


def objects(kube):
    assert "created" in kube("apply", "-f", MANIFEST)
    kube("rollout", "status", "deployment/web", "--timeout=60s")
    assert "deployment.apps/web unchanged" in kube("apply", "-f", MANIFEST)

    [row] = kube.table("get", "deployments")
    assert (row["NAME"], row["READY"], row["UP-TO-DATE"], row["AVAILABLE"]) == ("web", "2/2", "2", "2"), row
    pods = kube.table("get", "pods", "-o", "wide", "-l", "app=web")
    assert len(pods) == 2 and all(pod["STATUS"] == "Running" and pod["READY"] == "1/1" for pod in pods), pods
    assert all(pod["IP"] and pod["NODE"].startswith("aks-system-") for pod in pods), pods
    [service] = [row for row in kube.table("get", "services", "-o", "wide") if row["NAME"] == "web"]
    assert (service["TYPE"], service["PORT(S)"], service["SELECTOR"]) == ("ClusterIP", "80/TCP", "app=web"), service
    nodes = kube.table("get", "nodes", "-o", "wide")
    assert all(node["STATUS"] == "Ready" and node["VERSION"].startswith("v1.") for node in nodes), nodes
    text = kube("get", "deployment", "web", "-o", "yaml")
    assert text.startswith("apiVersion: apps/v1\n") and "replicas: 2" in text, text
    assert "deployment.apps/web" in kube("get", "all")
    assert kube("get", "pods", "--field-selector=status.phase=Running", "-o", "name").count("pod/") == 2
    missing = kube.refused("get", "deployment", "none")
    assert missing.strip() == 'Error from server (NotFound): deployments.apps "none" not found', missing

    kube("create", "configmap", "settings", "--from-literal=colour=green")
    kube("create", "secret", "generic", "password", "--from-literal=word=correct horse")
    kube("create", "serviceaccount", "reader")
    assert kube("get", "secret", "password", "-o", "jsonpath={.data.word}") == "Y29ycmVjdCBob3JzZQ=="
    assert kube("create", "token", "reader").count(".") == 2
    assert kube("auth", "can-i", "delete", "pods").strip() == "yes"
    again = kube.refused("create", "configmap", "settings")
    assert again.strip() == 'error: failed to create configmap: configmaps "settings" already exists', again


def rollouts(kube):
    before = kube("get", "pods", "-l", "app=web", "-o", "name").split()
    kube("rollout", "restart", "deployment/web")
    assert "successfully rolled out" in kube("rollout", "status", "deployment/web", "--timeout=60s")
    # What the rollout left is on its way out.
    kube("wait", "--for=delete", "--timeout=60s", *before)
    after = kube("get", "pods", "-l", "app=web", "-o", "name").split()
    assert len(after) == 2 and not set(before) & set(after), (before, after)
    history = kube("rollout", "history", "deployment/web")
    assert "1 " in history and "2 " in history, history

    kube("scale", "deployment/web", "--replicas=3")
    kube("wait", "--for=jsonpath={.status.availableReplicas}=3", "deployment/web", "--timeout=60s")
    kube("set", "image", "deployment/web", "web=nowhere.example/none:1")
    slow = kube.refused("rollout", "status", "deployment/web", "--timeout=2s")
    assert "timed out" in slow, slow
    kube("rollout", "undo", "deployment/web")
    kube("rollout", "status", "deployment/web", "--timeout=60s")
    kube("patch", "deployment", "web", "--type=json", "-p", '[{"op":"replace","path":"/spec/replicas","value":2}]')
    kube("patch", "deployment", "web", "--type=merge", "-p", '{"metadata":{"labels":{"tier":"front"}}}')
    kube("label", "deployment", "web", "tier-")
    strategic = '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"COLOUR","value":"green"}]}]}}}}'
    kube("patch", "deployment", "web", "-p", strategic)
    kube("rollout", "status", "deployment/web", "--timeout=60s")
    [container] = kube.json("get", "deployment", "web")["spec"]["template"]["spec"]["containers"]
    assert [variable["name"] for variable in container["env"]] == ["COLOUR", "HOST"], container["env"]
    assert container["image"] == "echo:1"
    kube("apply", "--server-side", "--field-manager=one", "--force-conflicts", "-f", "-", stdin=replicas(2))
    other = kube.refused("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=replicas(5))
    assert "conflict with" in other and ".spec.replicas" in other, other
    kube("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-", stdin=replicas(2))


def replicas(count):
    return f"""{{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {{"name": "web"}},
        "spec": {{"replicas": {count}}}}}"""


def logs_and_watches(kube):
    pod = kube("get", "pods", "-l", "app=web", "-o", "name").split()[0]
    assert kube("logs", pod).startswith("listening on "), "the log of a running container"
    follow = kube.start("logs", "-f", pod)
    watch = kube.start("get", "pods", "-l", "app=web", "--watch")
    try:
        heading = line(watch)
        assert heading.split()[:3] == ["NAME", "READY", "STATUS"], heading
        assert line(follow).startswith("listening on ")
        kube("delete", pod, "--wait=false")
        said = [heading]
        while not (pod.removeprefix("pod/") in said[-1] and "Terminating" in said[-1]):
            said.append(line(watch))
        rest = follow.communicate(timeout=60)[0]
        assert "told to end" in rest, rest
    finally:
        for process in (follow, watch):
            process.kill()
            process.communicate()
    kube("rollout", "status", "deployment/web", "--timeout=60s")
    events = kube.table("get", "events")
    assert any(row["REASON"] == "Killing" or row["REASON"] == "SuccessfulCreate" for row in events), events


def line(process, seconds=60):
    """The next line that a command prints while it goes on."""
    end = time.monotonic() + seconds
    text = ""
    while not text.endswith("\n"):
        ready = select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]
        assert ready, f"nothing more was said within {seconds} seconds after {text!r}"
        letter = process.stdout.buffer.raw.read(1)
        assert letter, f"it ended: {process.stderr.read()}"
        text += letter.decode()
    return text.rstrip("\n")


def deletion(kube):
    out = kube("delete", "-f", MANIFEST, "--timeout=60s")
    assert 'deployment.apps "web" deleted' in out, out
    kube("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=60s")
    assert kube("get", "pods") == "", "no pod is left"
    kube("create", "namespace", "team")
    kube("create", "configmap", "inside", "-n", "team")
    kube("delete", "namespace", "team", "--timeout=60s")
    assert "NotFound" in kube.refused("get", "namespace", "team")
