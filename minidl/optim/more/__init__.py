"""The rest of the family: rules beyond the course, sorted by idea, each file from simple to involved."""

from .adam_family import AdaMax, AMSGrad, NAdam, NAdamW, RAdam
from .averaged import ASGD
from .conventions import (
    AdaGradInitial,
    AdaMaxOutside,
    AdamEpsHat,
    AdamUncorrected,
    AMSGradCorrected,
    RMSPropGraves,
    RMSPropRateInside,
)  # fmt: skip
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
    "ADOPT", "AMSGrad", "AMSGradCorrected", "ASGD", "AdEMAMix", "AdaBelief", "AdaBound", "AdaGradInitial", "AdaHessian",
    "AdaMax", "AdaMaxOutside", "Adafactor", "AdamEpsHat", "AdamUncorrected", "Adan", "AggMo", "DAdaptAdam", "DoG",
    "DoWG", "EMA", "FTRL", "LAMB", "LAMBClamped", "LARS", "LARSJointNorm", "LARSRateOutside", "LBFGS", "LaProp", "Lion",
    "Lookahead", "MADGRAD", "Muon", "NAdam", "NAdamW", "PolyakStep", "Prodigy", "QHAdam", "QHM", "RAdam",
    "RMSPropGraves", "RMSPropRateInside", "RandomLocalSearch", "RandomSearch", "Rprop", "SAM", "SGDRateInside", "SGDW",
    "SOAP", "SWA", "ScheduleFreeAdamW", "ScheduleFreeSGD", "Shampoo", "SignSGD", "Signum", "SophiaH", "Yogi",
    "add_grad_noise", "average_grad", "centralize_grad", "clip_grad_adaptive",
    "muon_groups",
]  # fmt: skip
