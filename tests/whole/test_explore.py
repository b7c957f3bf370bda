"""`cnnviz.explore`: the window as a child of the process whose model it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]

# The user's program. Its window is the real one, offscreen, driven by nobody; the program hears what the window asks.
PROGRAM = """
import copy, threading, time, torch
import cnnviz
from cnnviz.engine import server
from cnnviz.link.messages import Look, Open, Pixels, Watch

torch.manual_seed(0)
class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.head = torch.nn.Linear(4, 7)
    def forward(self, x):
        return self.head(self.conv(x).relu().mean((2, 3)))

module = Two().train()
before = copy.deepcopy(module.state_dict())
heard = []
obey = server._Engine.obey
server._Engine.obey = lambda self, command: (heard.append(command), obey(self, command))
shown = cnnviz.explore(module, torch.rand(3, 40, 40), input_size=(3, 32, 32))
end = time.monotonic() + 60
def there():
    opened = [c for c in heard if isinstance(c, Open) and c.model]
    return opened and any(isinstance(c, Look) and isinstance(c.picture, Pixels) for c in heard) and any(
        isinstance(c, Watch) and c.interest.maps for c in heard)
while not there() and time.monotonic() < end and shown.open:
    time.sleep(0.05)
assert there(), heard
opened = [c for c in heard if isinstance(c, Open) and c.model][-1]
print([n.type for n in opened.graph])
shown.close()
assert not shown.open and shown.wait(10)
assert module.training and all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
assert not [t for t in threading.enumerate() if t is not threading.main_thread()], threading.enumerate()
print("done")
"""


def test_the_window_shows_the_module_of_a_running_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HERE), "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['Input', 'Conv2d', 'ReLU', 'Mean', 'Linear']", "done"]
