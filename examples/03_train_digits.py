"""Training on digits: the whole loop, visible, without a download.

Look at: forward, loss, zero_grad, backward, step: five lines are all of training. `minidl.fit` is this loop with a
history around it. Change the optimizer, its rate, the layers; leave out zero_grad and see what happens.

    python examples/03_train_digits.py [--quick] [--out FOLDER]
"""

import argparse

from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer epochs")
parser.add_argument("--out", type=folder, default="results/03_train_digits", help="folder for figure and weights")
options = parser.parse_args()

minidl.seed(0)
digits = data.load("digits")  # 1797 handwritten digits of 8 x 8 pixels
train, validation, test = data.standardize(digits.train, digits.validation, digits.test)
loader = data.DataLoader(train, batch_size=32, shuffle=True, seed=0)

model = nn.Sequential(nn.Dense(64, 64), nn.ReLU(), nn.Dense(64, 32), nn.ReLU(), nn.Dense(32, 10))
print(model.summary())
loss_function = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=3e-3)


def accuracy(dataset):
    model.eval()
    with minidl.no_grad():
        logits = model(dataset.x)
    return float((logits.argmax(axis=1) == dataset.y).mean())


losses, accuracies = [], []
for epoch in range(3 if options.quick else 20):
    model.train()
    for x, y in loader:
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    accuracies.append(accuracy(validation))
    print(f"epoch {epoch + 1:2}  loss of the last batch {loss:.4f}  validation accuracy {accuracies[-1]:.1%}")
print(f"test accuracy {accuracy(test):.1%}")

model.save(options.out / "digits.safetensors")
figure = Figure(figsize=(9, 3.6), layout="constrained")
left, right = figure.subplots(1, 2)
left.plot(losses, linewidth=0.8)
left.set(xlabel="step", ylabel="loss of the mini-batch", yscale="log", title="Training loss")
right.plot(range(1, len(accuracies) + 1), accuracies, marker="o", markersize=3)
right.xaxis.get_major_locator().set_params(integer=True)
right.set(xlabel="epoch", ylabel="accuracy", title="Validation accuracy")
figure.savefig(options.out / "training.png", dpi=120)
print(f"wrote {options.out / 'digits.safetensors'} and {options.out / 'training.png'}")
