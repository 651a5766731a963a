"""The rest of the family: rules beyond the course, sorted by idea, each file from simple to involved."""

from .adam_family import AdaMax, AMSGrad, NAdam, NAdamW, RAdam
from .averaged import ASGD
from .conventions import (
    AdaBeliefUnstored,
    AdaGradInitial,
    AdaMaxOutside,
    AdaMaxUncorrected,
    AdamEpsHat,
    AdamEpsInside,
    AdamUncorrected,
    AdamWEpsHat,
    AdamWPaperDecay,
    AMSGradCorrected,
    RAdamEpsAfter,
    RAdamSkipping,
    RMSPropGraves,
    RMSPropInitial,
    RMSPropRateInside,
)  # fmt: skip
from .conventions_other import (
    AdafactorPaper,
    FTRLShrinkage,
    MuonCorrected,
    MuonCoupledDecay,
    MuonUnclamped,
    RpropDelayed,
    SGDDampenedStart,
    ShampooSequential,
    SophiaHDelayed,
    clip_grad_norm_exact,
)
from .factored import Adafactor
from .follow_leader import FTRL, MADGRAD
from .gradients import add_grad_noise, average_grad, centralize_grad, clip_grad_adaptive
from .hessian import AdaHessian, SophiaH
from .layerwise import LAMB, LARS, LAMBClamped, LARSJointNorm, LARSRateOutside
from .lbfgs import LBFGS
from .matrix import SOAP, Muon, Shampoo, muon_groups
from .mixed import Adan, AdEMAMix, QHAdam
from .momentum import QHM, SGDW, AggMo, SGDRateInside
from .normalized import ADOPT, LaProp
from .polyak import PolyakStep
from .ratefree import DAdaptAdam, DoG, DoWG, Prodigy
from .schedulefree import ScheduleFreeAdamW, ScheduleFreeSGD
from .search import RandomLocalSearch, RandomSearch
from .second_moments import AdaBelief, AdaBound, Yogi
from .sign import Lion, Rprop, SignSGD, Signum
from .weights import EMA, SWA
from .wrappers import SAM, Lookahead

__all__ = [
    "ADOPT", "AMSGrad", "AMSGradCorrected", "ASGD", "AdEMAMix", "AdaBelief", "AdaBeliefUnstored", "AdaBound",
    "AdaGradInitial", "AdaHessian", "AdaMax", "AdaMaxOutside", "AdaMaxUncorrected", "Adafactor",
    "AdafactorPaper", "AdamEpsHat", "AdamEpsInside", "AdamUncorrected", "AdamWEpsHat", "AdamWPaperDecay",
    "Adan", "AggMo", "DAdaptAdam", "DoG", "DoWG", "EMA", "FTRL", "FTRLShrinkage", "LAMB", "LAMBClamped", "LARS",
    "LARSJointNorm", "LARSRateOutside", "LBFGS", "LaProp", "Lion", "Lookahead", "MADGRAD", "Muon", "MuonCorrected",
    "MuonCoupledDecay", "MuonUnclamped", "NAdam", "NAdamW", "PolyakStep", "Prodigy", "QHAdam", "QHM", "RAdam",
    "RAdamEpsAfter", "RAdamSkipping", "RMSPropGraves", "RMSPropInitial", "RMSPropRateInside", "RandomLocalSearch",
    "RandomSearch", "Rprop", "RpropDelayed", "SAM", "SGDDampenedStart", "SGDRateInside", "SGDW", "SOAP", "SWA",
    "ScheduleFreeAdamW", "ScheduleFreeSGD", "Shampoo", "ShampooSequential", "SignSGD", "Signum", "SophiaH",
    "SophiaHDelayed", "Yogi", "add_grad_noise", "average_grad", "centralize_grad", "clip_grad_adaptive",
    "clip_grad_norm_exact", "muon_groups",
]  # fmt: skip
