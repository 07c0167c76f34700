"""The optimizer of the section checks steps as torch's own do."""

import pytest
import torch

from grader.worker.descent import Descent


def trained(make: str) -> list[torch.Tensor]:
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
    X, y = torch.randn(8, 5), torch.arange(8) % 3
    optimizer = {
        "Descent": lambda: Descent(model.parameters(), lr=0.1),
        "adaptive Descent": lambda: Descent(model.parameters(), lr=0.1, adaptive=True),
        "SGD": lambda: torch.optim.SGD(model.parameters(), lr=0.1),
        "Adam": lambda: torch.optim.Adam(model.parameters(), lr=0.1),
    }[make]()
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(X), y).backward()
        optimizer.step()
    return [parameter.detach() for parameter in model.parameters()]


@pytest.mark.parametrize(("ours", "theirs"), [("Descent", "SGD"), ("adaptive Descent", "Adam")])
def test_it_steps_as_torchs_own_do(ours: str, theirs: str) -> None:
    for a, b in zip(trained(ours), trained(theirs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_a_closure_is_called_with_gradients_on_and_its_loss_given_back() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = Descent([weight], lr=0.5)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (weight**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2.0
    assert weight.tolist() == [0.0, 0.0]
    optimizer.zero_grad(set_to_none=False)
    assert weight.grad is not None
    assert weight.grad.tolist() == [0.0, 0.0]


def test_it_passes_for_a_torch_optimizer() -> None:
    optimizer = Descent([torch.nn.Parameter(torch.ones(2))], lr=0.5)
    assert isinstance(optimizer, torch.optim.Optimizer)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)
