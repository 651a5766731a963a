"""Who writes which rule how, and what to write in minidl to get theirs."""

from __future__ import annotations

from typing import NamedTuple


class Convention(NamedTuple):
    """One disagreement between libraries or texts about a rule.

    rules: the classes it concerns; who: those that do it this way; differs: what they do, and what it changes; write:
    the expression that does it in minidl, with `params` for the parameters ("" where it is not in minidl); topic: what
    the disagreement is about, the same for all who take part in it.
    """

    rules: tuple[str, ...]
    who: str
    differs: str
    write: str
    topic: str


# By topic: rules, who, differs, write. Where `write` has no rate, minidl's default is theirs too. torch_optimizer and
# pytorch_optimizer are collections of rules for PyTorch, tf.keras is Keras before version 3.
_BY_TOPIC: dict[str, list[tuple[str, str, str, str]]] = {
    "momentum: sum or average": [
        ("SGD Momentum", "PyTorch, optax, MLX, TensorFlow 1, Chainer's CorrectedMomentumSGD",
         "the buffer is a sum, b <- momentum b + g (heavy ball)", "SGD(params, lr=1e-3, momentum=0.9)"),
        ("Momentum SGD", "Ng's course, QHM, optax.ema",
         "the buffer is an average, v <- beta v + (1 - beta) g: the path of the sum at the rate lr (1 - beta). At the "
         "same rate it is ten times slower: on x^2 / 20 + y^2 from (-7, 2), 30 steps at 0.1 lead to (-5.59, -0.35), "
         "with the sum to (0.896, 0.088)", "Momentum(params, lr=1e-3, beta=0.9)"),
    ],
    "momentum: rate inside": [
        ("SGD SGDRateInside", "Keras, Chainer's MomentumSGD, CS231n, Dive into Deep Learning (first edition)",
         "the rate is inside the buffer, b <- momentum b + lr g: the same until the rate changes. On x^2 / 2 from 1, "
         "20 steps at 0.1 and one at 0.01 lead to 0.3254, with the rate outside to 0.3396; 20 and 20, to -0.0242 and "
         "0.0341", "SGDRateInside(params, lr=schedules.Piecewise([50], [1e-3, 1e-4]), momentum=0.9)"),
        ("SGD SGDRateInside", "PyTorch, optax, MLX, TensorFlow 1, Chainer's CorrectedMomentumSGD",
         "the rate is outside the buffer: when it falls, the whole step does",
         "SGD(params, lr=schedules.Piecewise([50], [1e-3, 1e-4]), momentum=0.9)"),
        ("RMSProp RMSPropRateInside", "Keras, optax",
         "the rate is inside RMSProp's momentum buffer, and eps inside the root",
         "RMSPropRateInside(params, lr=schedules.Piecewise([50], [1e-3, 1e-4]), momentum=0.9)"),
    ],
    "momentum: first dampening": [
        ("SGD", "PyTorch",
         "dampening spares the first gradient: the buffer starts as g",
         "SGD(params, lr=1e-3, momentum=0.9, dampening=0.5)"),
        ("SGD SGDDampenedStart", "MLX",
         "the buffer starts as 0, so that dampening acts on the first gradient too: half the first step for 0.5",
         "SGDDampenedStart(params, lr=1e-3, momentum=0.9, dampening=0.5)"),
    ],
    "Nesterov": [
        ("Nesterov SGD", "PyTorch, Keras, optax, MLX, TensorFlow 1, CS231n",
         "one method in four notations. All store the look-ahead point, not Nesterov's theta. On x^2 / 20 + y^2 from "
         "(-7, 2), 30 steps at 0.1 lead to (0.689614902, -0.000679906)", "Nesterov(params, lr=1e-3, momentum=0.9)"),
        ("Nesterov", 'Chainer\'s NesterovAG, "Deep Learning from Scratch"',
         "momentum^2 times the buffer that holds the new gradient already: another, unnamed method, not in minidl. "
         "The same 30 steps lead to (0.526390508, 0.000225820)", ""),
    ],
    "AdaGrad: eps and start": [
        ("AdaGrad", "PyTorch; Chainer, MLX and CS231n with eps = 1e-8",
         "eps is added to the root, and s starts at 0: the first step is lr sign(g), however small g is",
         "AdaGrad(params)"),
        ("AdaGrad", "Dive into Deep Learning",
         "eps is inside the root: it acts where g is below sqrt(eps) = 1e-3, outside where g is below 1e-6",
         "AdaGrad(params, lr=0.1, eps=1e-6, eps_inside_sqrt=True)"),
        ("AdaGrad AdaGradInitial", "Keras, optax",
         "s starts at 0.1, eps is inside the root: with g = 0.01 the first step is 0.0316 lr, not lr",
         "AdaGradInitial(params)"),
        ("AdaGrad AdaGradInitial", "TensorFlow 1",
         "s starts at 0.1, there is no eps", "AdaGradInitial(params, lr=0.1, eps=0.0)"),
    ],
    "AdaDelta: rate": [
        ("AdaDelta", "Keras",
         "lr = 1e-3 by default, a thousandth of the paper's; rho = 0.95, eps = 1e-7",
         "AdaDelta(params, lr=1e-3, rho=0.95, eps=1e-7)"),
    ],
    "RMSProp: eps and start": [
        ("RMSProp", "PyTorch, Chainer; MLX without a default rate",
         "eps is added to the root; alpha = 0.99", "RMSProp(params)"),
        ("RMSProp", "Keras; optax and Dive into Deep Learning with eps = 1e-8 and 1e-6",
         "eps is inside the root; alpha = 0.9. At g = 1e-4 the first step is 0.1 times the one with eps outside",
         "RMSProp(params, lr=1e-3, alpha=0.9, eps=1e-7, eps_inside_sqrt=True)"),
        ("RMSProp", "tf.keras before 2.11",
         "eps is outside the root without momentum, inside with it, where a kernel of its own runs: RMSPropRateInside",
         "RMSProp(params, lr=1e-3, alpha=0.9, eps=1e-7)"),
        ("RMSProp RMSPropInitial", 'TensorFlow 1, "Deep learning tuning playbook"',
         "v starts at 1: the first step is lr g / sqrt(0.9 + 0.1 g^2), for small g 1.05 lr g, not 3.16 lr sign(g); "
         "the rate is inside the momentum buffer", "RMSPropInitial(params)"),
        ("RMSProp RMSPropGraves", "Graves 2013, Chainer's RMSpropGraves",
         "centered, eps = 1e-4 inside the root, rate inside the momentum buffer", "RMSPropGraves(params)"),
    ],
    "Adam: eps": [
        ("Adam", "PyTorch, optax; MLX with bias_correction=True",
         "Algorithm 1 of the paper, eps = 1e-8", "Adam(params)"),
        ("Adam AdamEpsHat", "Keras",
         "eps-hat: eps is added to sqrt(v) before the bias correction, and so is 31.6 times larger in the first step; "
         "and eps = 1e-7, for 316 times in all", "AdamEpsHat(params, eps=1e-7)"),
        ("Adam AdamEpsHat", "Chainer, TensorFlow 1, PyTorch's SparseAdam",
         "eps-hat: eps is added to sqrt(v) before the bias correction, and so is 31.6 times larger in the first step",
         "AdamEpsHat(params)"),
        ("Adam AdamEpsInside", "optax with eps_root = eps and eps = 0, early graders of Ng's course",
         "eps is inside the root, after the correction: it acts where g is below sqrt(eps) = 1e-4",
         "AdamEpsInside(params)"),
    ],
    "Adam: bias correction": [
        ("Adam AdamUncorrected", "MLX",
         "no bias correction unless asked for: the first step is 3.16 lr", "AdamUncorrected(params)"),
        ("AdaMax AdaMaxUncorrected", "MLX",
         "never a bias correction: the first step is 0.1 lr", "AdaMaxUncorrected(params, lr=1e-3)"),
        ("Adam", "ConvNetJS",
         "multiplies by 1 - beta^t where the paper divides: a first step of 10 lr. An error, not in minidl", ""),
    ],
    "AMSGrad: maximum": [
        ("AMSGrad Adam", "PyTorch; Keras and Chainer with eps-hat: AdamEpsHat(params, amsgrad=True)",
         "the maximum is taken of v before its correction. Two steps with gradients 10 and -1, lr = 0.01 and betas "
         "(0.9, 0.7) lead from 0 to -0.01549", "AMSGrad(params)"),
        ("AMSGrad AdamEpsHat", "Chainer",
         "the maximum of v before its correction, eps-hat", "AdamEpsHat(params, amsgrad=True)"),
        ("AMSGrad AMSGradCorrected", "optax",
         "the maximum is taken of v after its correction, which keeps large early values: to -0.01421",
         "AMSGradCorrected(params)"),
    ],
    "AdaMax: eps": [
        ("AdaMax", "PyTorch, optax",
         "eps is inside the maximum; lr = 2e-3, as in the paper", "AdaMax(params)"),
        ("AdaMax AdaMaxOutside", "Keras; MLX without bias correction",
         "eps is added to the maximum; lr = 1e-3", "AdaMaxOutside(params, lr=1e-3, eps=1e-7)"),
    ],
    "NAdam: psi": [
        ("NAdam", "PyTorch, tf.keras before 2.11",
         "mu_t = beta1 (1 - 0.96^(t psi) / 2) with psi = 0.004. On Rosenbrock's function from (1.5, 1.5) the first "
         "step at 0.1 leads to x = 1.39435", "NAdam(params)"),
        ("NAdam", "Keras, tf.keras from 2.11 on",
         "psi = 1", "NAdam(params, lr=1e-3, eps=1e-7, momentum_decay=1.0)"),
        ("NAdam NAdamW", "optax",
         "mu_t = beta1 throughout: that first step leads to x = 1.35263", "NAdam(params, lr=1e-3, momentum_decay=1e9)"),
    ],
    "weight decay": [
        ("Adam AdamW", "PyTorch's Adam, torch_optimizer",
         "weight_decay is an L2 term, added to the gradient: where gradients are large, Adam divides it away",
         "Adam(params, weight_decay=0.01)"),
        ("AdamW", "PyTorch; MLX with bias_correction=True",
         "decoupled, times lr, before the step; 1e-2 by default", "AdamW(params)"),
        ("AdamW", "optax",
         "decoupled, times lr, together with the step: the same numbers; 1e-4 by default",
         "AdamW(params, weight_decay=1e-4)"),
        ("AdamW AdamWEpsHat", "Keras",
         "decoupled, times lr; 4e-3 by default; eps-hat", "AdamWEpsHat(params)"),
        ("AdamW AdamWPaperDecay", "Chainer, the paper",
         "decoupled, not times lr, only times a schedule's factor: at lr = 1e-3 the same number decays 1000 times as "
         "much; eps-hat", "AdamWPaperDecay(params, weight_decay=1e-4)"),
        ("SGD SGDW", "Keras (any optimizer), pytorch_optimizer's SGDW",
         "decoupled for SGD too: the decay does not enter the momentum buffer",
         "SGDW(params, lr=1e-3, weight_decay=4e-3)"),
        ("NAdam NAdamW", "PyTorch with decoupled_weight_decay=True; optax's nadamw with 1e-4",
         "decoupled by a flag, which PyTorch has for Adam, NAdam and RAdam only", "NAdamW(params)"),
        ("Muon MuonCoupledDecay", "MLX",
         "Muon's weight_decay is an L2 term: it turns the direction of the step",
         "MuonCoupledDecay(params, lr=0.02, weight_decay=0.01)"),
    ],
    "RAdam: first steps": [
        ("RAdam", "PyTorch; pytorch_optimizer with degenerated_to_sgd=True",
         "while rho <= 5 (steps 1 to 5 for beta2 = 0.999: rho is 4.996 in the fifth) steps are lr m^, not normalised",
         "RAdam(params)"),
        ("RAdam RAdamSkipping", "pytorch_optimizer",
         "while rho < 5 nothing moves", "RAdamSkipping(params)"),
        ("RAdam RAdamEpsAfter", "optax",
         "eps is added after v is corrected; rho >= 5, which is a matter of words", "RAdamEpsAfter(params)"),
    ],
    "AdaBelief: eps": [
        ("AdaBelief", "optax, torch_optimizer, the paper",
         "eps is kept in s at every step and adds up to 1000 eps; 1e-16 by default, in torch_optimizer 1e-8",
         "AdaBelief(params)"),
        ("AdaBelief AdaBeliefUnstored", "optax with eps_root = 0",
         "eps is only added to the root, as in Adam", "AdaBeliefUnstored(params, eps=1e-8)"),
    ],
    "Yogi: start": [
        ("Yogi", "optax, torch_optimizer",
         "m starts at 1e-6, as v does: without a gradient the weights still move, by 2.8e-4 lr in the first step",
         "Yogi(params)"),
    ],
    "LARS and LAMB: norms": [
        ("LARS", "optax without weight decay, the paper",
         "trust_coefficient = 0.001, rate inside the momentum buffer", "LARS(params, lr=1.0)"),
        ("LARS LARSJointNorm", "optax with weight decay",
         "the norm of g + weight_decay w, not the sum of norms", "LARSJointNorm(params, lr=1.0, weight_decay=0.3)"),
        ("LARS LARSRateOutside", "torch_optimizer",
         "trust_coefficient = 0.01, rate outside the buffer; without weight decay it does not scale at all",
         "LARSRateOutside(params, lr=0.01, weight_decay=0.3, trust_coefficient=0.01, eps=1e-8)"),
        ("LAMB", "optax; Keras with eps = 1e-7",
         "bias correction, |w| as it is", "LAMB(params)"),
        ("LAMB LAMBClamped", "torch_optimizer",
         "no bias correction, |w| at most 10; pytorch_optimizer can clip the global norm to 1 before: clip_grad_norm",
         "LAMBClamped(params)"),
    ],
    "Lion: weight decay": [
        ("Lion", "Keras with lr = 1e-3, pytorch_optimizer, MLX",
         "no weight decay by default. Everywhere the step is taken with the m from before its beta2 update",
         "Lion(params)"),
        ("Lion", "optax",
         "weight_decay = 1e-3 by default", "Lion(params, weight_decay=1e-3)"),
    ],
    "Adan: betas": [
        ("Adan", "pytorch_optimizer, the authors' code",
         "betas are the shares of the past; the paper writes 1 - beta, so that its 0.08 is 0.92", "Adan(params)"),
        ("Adan", "optax 0.2.8",
         "takes 1 - beta2 = 0.08 of the difference into the step where 0.92 is meant: an error, not in minidl", ""),
    ],
    "QHAdam: nus": [
        ("QHAdam", "pytorch_optimizer, torch_optimizer",
         "nus = (1, 1) by default, which is Adam", "QHAdam(params, nus=(1.0, 1.0), betas=(0.9, 0.999))"),
    ],
    "FTRL: penalties": [
        ("FTRL", "Keras, TensorFlow 1",
         "l2 is the factor of |w|^2, not of |w|^2 / 2; accumulators start at 0.1, and there is no beta",
         "FTRL(params, lr=1e-3, beta=0.0, initial_accumulator=0.1, l2=2 * 0.1)"),
        ("FTRL FTRLShrinkage", "Keras, TensorFlow: l2_shrinkage",
         "a penalty at the weights in use, apart from n", "FTRLShrinkage(params, shrinkage=0.1)"),
    ],
    "Adafactor: eps": [
        ("Adafactor", "PyTorch",
         "eps1 is the least sqrt(v)", "Adafactor(params)"),
        ("Adafactor AdafactorPaper", "the paper, Keras; MLX with lr = 1e-2",
         "eps1 = 1e-30 is added to g^2", "AdafactorPaper(params, lr=1e-3)"),
        ("Adafactor", "optax",
         "factors the two largest axes, and only if both are 128 or longer; smaller weights keep a v of their own. "
         "Not in minidl, where every matrix is factored: the point of the rule is its memory", ""),
    ],
    "Rprop: flips": [
        ("Rprop", "PyTorch",
         "after a flip of the sign the gradient counts as 0: no move, and a neutral next step", "Rprop(params)"),
        ("Rprop RpropDelayed", "optax",
         "each step is made one call late: the first call moves nothing", "RpropDelayed(params)"),
        ("Rprop", "Riedmiller & Braun 1993 (Rprop+)",
         "after a flip the last step is taken back. Not in minidl: Igel & Huesken 2003 found it no better, for a "
         "state more", ""),
    ],
    "Muon: buffer and scale": [
        ("Muon", "PyTorch",
         "the buffer is an average; made orthogonal in bfloat16 (two digits); scale sqrt(max(1, out / in))",
         "Muon(params, lr=0.1, weight_decay=0.0)"),
        ("Muon MuonUnclamped", 'PyTorch 2.14 with "spectral_unclamped"',
         "scale sqrt(out / in), also below 1", "MuonUnclamped(params, lr=0.02)"),
        ("Muon", "Keras, Jordan",
         "the buffer is a sum, which is 20 times the average and has the same direction: only eps is another. Keras's "
         "scale is 0.2 sqrt(max(in, out))",
         "Muon(params, lr=0.02, weight_decay=4e-3, eps=0.05 * 1e-7, adjust_lr_fn='match_rms_adamw')"),
        ("Muon MuonCorrected", "optax",
         "both parts of Nesterov's look-ahead are corrected for the start at 0: in the first step g weighs 1.95 times "
         "as much against the buffer, later alike", "MuonCorrected(params, lr=0.02, weight_decay=0.0, eps=1e-8)"),
        ("Muon", "Keras, optax, MLX",
         "one optimizer for all parameters, which gives what is no matrix to Adam (MLX: to SGD with momentum); in "
         "PyTorch and here Muon takes matrices only, and muon_groups of optim.more.matrix says which", ""),
    ],
    "Shampoo: exponent": [
        ("Shampoo", "the paper, pytorch_optimizer 4.1",
         "the exponent is -1 / (2 k) for k axes: -1/4 for a matrix", "Shampoo(params, lr=0.5)"),
        ("Shampoo ShampooSequential", "torch_optimizer",
         "the exponent is -1 / k, and the second matrix collects gradients that the first has been applied to",
         "ShampooSequential(params)"),
    ],
    "Sophia: order": [
        ("SophiaH SophiaHDelayed", "optax",
         "m is corrected, an estimate of h counts from the next step on (the first step is lr sign(m)), probes are "
         "signs", "SophiaHDelayed(params, lr=0.01)"),
    ],
    "clipping": [
        ("clip_grad_norm", "PyTorch, MLX",
         "the factor is max_norm / (norm + 1e-6): the norm after is 1e-6 short", "clip_grad_norm(params, 1.0)"),
        ("clip_grad_norm clip_grad_norm_exact", "optax, TensorFlow, Keras's global_clipnorm",
         "the factor is max_norm / norm", "clip_grad_norm_exact(params, 1.0)"),
        ("clip_grad_norm clip_grad_norm_exact", "Keras's clipnorm",
         "each parameter's gradient by itself, which changes the direction of the step",
         "[clip_grad_norm_exact(p, 1.0) for p in params]"),
    ],
    "schedules": [
        ("Piecewise MultiStep", "PyTorch, optax",
         "the step of a boundary has the new rate", "schedules.Piecewise([4, 9], [0.5, 0.2, 0.1])"),
        ("Piecewise", "Keras",
         "the step of a boundary has the old rate: its [3, 8] is [4, 9]",
         "schedules.Piecewise([3 + 1, 8 + 1], [0.5, 0.2, 0.1])"),
        ("Cosine Warmup", "Keras",
         "decay_steps = 20 does not count a warm-up of 5: 25 steps in all",
         "schedules.Warmup(schedules.Cosine(0.1, 20), 5)"),
        ("Cosine Warmup", "optax",
         "decay_steps = 25 counts the warm-up of 5", "schedules.Warmup(schedules.Cosine(0.1, 25 - 5), 5)"),
        ("Cosine", "PyTorch",
         "CosineAnnealingLR climbs again after its T_max steps, and back; Cosine stays at its end, as in Keras and "
         "optax. It multiplies its way from rate to rate, and roundings add up",
         "lambda step: schedules.Cosine(0.1, 20)(abs((step + 20) % 40 - 20))"),
        ("MultiStep Schedule", "PyTorch",
         "a scheduler has state and is stepped after optimizer.step(); here a schedule is a function of the steps done",
         "schedules.MultiStep(0.5, [4, 9])"),
        ("ReduceOnPlateau", "PyTorch",
         "fires when more than `patience` metrics in a row were not better",
         "ReduceOnPlateau(0.1, patience=3, factor=0.5)"),
        ("ReduceOnPlateau", "Keras",
         "fires at `patience` of them, one epoch sooner; its threshold is absolute",
         "ReduceOnPlateau(0.1, patience=3 - 1, factor=0.5, threshold_mode='abs')"),
        ("ReduceOnPlateau", "optax",
         "fires at `patience` of them; counts steps, or averages of them, not epochs",
         "ReduceOnPlateau(0.1, patience=3 - 1, factor=0.5)"),
    ],
    "average of weights": [
        ("EMA", "PyTorch",
         "the first update copies the weights; decay = 0.999", "EMA(params)"),
        ("EMA", "Keras's use_ema",
         "the first update copies; decay = 0.99; can overwrite the weights every n steps", "EMA(params, decay=0.99)"),
        ("EMA", "optax",
         "starts at 0 and is corrected (debias)", "EMA(params, bias_correction=True)"),
    ],
    "Schedule-Free: weights": [
        ("ScheduleFreeAdamW ScheduleFreeSGD", "optax, the authors' code",
         "the weight of a step in the average is the square of its rate", "ScheduleFreeAdamW(params)"),
        ("ScheduleFreeAdamW", "Keras",
         "all steps weigh the same, c = 1 / t, also those of a warm-up",
         "ScheduleFreeAdamW(params, weight_lr_power=0.0)"),
    ],
    "names": [
        ("ASGD", "PyTorch",
         "ASGD is SGD with an average of its path", "ASGD(params, lr=1e-3)"),
        ("ASGD", "pytorch_optimizer",
         "ASGD is the adaptive gradient descent of Malitsky & Mishchenko 2020, another method, not in minidl", ""),
        ("RMSProp AdaDelta SAM", "Keras",
         "the decay that PyTorch and minidl call alpha in RMSProp is rho; in SAM, rho is a radius",
         "RMSProp(params, lr=1e-3, alpha=0.9, eps=1e-7, eps_inside_sqrt=True)"),
        ("Adam", "Chainer",
         "alpha is the rate, eta a schedule's factor, weight_decay_rate the decay", "AdamEpsHat(params)"),
    ],
}  # fmt: skip

CONVENTIONS = tuple(
    Convention(tuple(rules.split()), who, differs, write, topic)
    for topic, rows in _BY_TOPIC.items()
    for rules, who, differs, write in rows
)


def conventions_of(name: str) -> list[Convention]:
    """The disagreements about the rule of that class name."""
    return [convention for convention in CONVENTIONS if name in convention.rules]
