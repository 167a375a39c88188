"""One class for each method of the registry of the Rust library. Written by ``python -m polyalign.stubs``."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .base import Aligner

__all__ = [
    "Loaded",
    "NA",
    "PA",
    "GPA",
    "GCCA",
    "GCPA",
    "AddView",
    "CCA",
    "Pivot",
    "SUMCOR",
    "SRM",
    "ConsensusRidge",
    "Relative",
    "KernelGCCA",
    "LowRankAffine",
    "ResidualMlp",
    "Select",
]

class Loaded(Aligner):
    """A fit from a file of a method that this program does not know. It transforms, but cannot be fitted again."""

class NA(Aligner):
    """NA: no alignment: each view in its own coordinates.

    Parameters
    ----------
    scale : raw, zscore, default 'raw'
        Scaling of the encoder's coordinates: unchanged, or standardised by the training rows.
    """
    scale: Literal["raw", "zscore"] | Mapping[str, Any] | Aligner
    def __init__(
        self,
        *,
        scale: Literal["raw", "zscore"] | Mapping[str, Any] | Aligner = "raw",
    ) -> None: ...

class PA(Aligner):
    """PW: orthogonal Procrustes, one map per pair of views.

    Parameters
    ----------
    scale : True, False, default False
        Give every map its least-squares scale besides the best rotation.
    columns : z_score, centre, none, default 'z_score'
        Columns before the fit: standardised, centred, or as they are.
    """
    scale: bool
    columns: Literal["z_score", "centre", "none"]
    def __init__(
        self,
        *,
        scale: bool = False,
        columns: Literal["z_score", "centre", "none"] = "z_score",
    ) -> None: ...

class GPA(Aligner):
    """GPA: generalised Procrustes: one orthogonal map per view into a shared universe.

    Parameters
    ----------
    solver : released, accelerated, default 'released'
        Solver: Jacobi sweeps from a Gaussian start, or two views at a time, extrapolated.
    max_iter : integer >= 1, or None, default None
        Maximum number of sweeps over the views; None is 100 released, 500 accelerated.
    tol : number >= 0, default 1e-08
        Stop when a sweep changes the consensus (released) or the objective (accelerated) by less than this share.
    restarts : integer >= 1, default 1
        Number of starts, of which the one with the lowest objective is kept.
    certify : True, False, None, default None
        Report how far the objective can be above the lowest; None does so up to 1,024 columns in all.
    orientation : principal, default None
        Rotate the universe to the principal axes of the consensus; always so with `rank`.
    rank : integer >= 1, or None, default None
        Width of the universe: its first principal axes; None keeps all.
    scale : True, False, default False
        Give every view a scale factor.
    weights : equal, agreement, {given: {VIEW: number > 0}}, default 'equal'
        Weights of the views in the consensus.
    robust : None, {huber: number > 0}, {tukey: number > 0}, default None
        Robust loss for rows far from their item's consensus, with the distance at which it begins.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    """
    solver: Literal["released", "accelerated"]
    max_iter: int | None
    tol: float
    restarts: int
    certify: bool | None
    orientation: Literal["principal"] | None
    rank: int | None
    scale: bool
    weights: str | Mapping[str, Any] | Aligner
    robust: str | Mapping[str, Any] | Aligner | None
    constant_columns: Literal["clamp", "released"]
    def __init__(
        self,
        *,
        solver: Literal["released", "accelerated"] = "released",
        max_iter: int | None = None,
        tol: float = 1e-08,
        restarts: int = 1,
        certify: bool | None = None,
        orientation: Literal["principal"] | None = None,
        rank: int | None = None,
        scale: bool = False,
        weights: str | Mapping[str, Any] | Aligner = "equal",
        robust: str | Mapping[str, Any] | Aligner | None = None,
        constant_columns: Literal["clamp", "released"] = "clamp",
    ) -> None: ...

class GCCA(Aligner):
    """GCCA: MAXVAR generalised CCA, as released (variance-weighted, transpose as inverse) or whitened.

    Parameters
    ----------
    rank : integer >= 1, or None, default None
        Width of the universe, at most the narrowest view's width; None is that width.
    whiten : none, inverse_singular, default 'none'
        Weight of a direction: its singular value (released), or one for all (textbook GCCA).
    coordinates : weights, carroll, unit_variance, default 'weights'
        Scale of the universe's coordinates.
    ridge : number >= 0, default 0.0
        Ridge: directions of standard deviation below its square root count for less.
    decoder : transpose, pseudo_inverse, least_squares, default 'transpose'
        Map from the universe back to a view.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    """
    rank: int | None
    whiten: Literal["none", "inverse_singular"]
    coordinates: Literal["weights", "carroll", "unit_variance"]
    ridge: float
    decoder: Literal["transpose", "pseudo_inverse", "least_squares"]
    constant_columns: Literal["clamp", "released"]
    def __init__(
        self,
        *,
        rank: int | None = None,
        whiten: Literal["none", "inverse_singular"] = "none",
        coordinates: Literal["weights", "carroll", "unit_variance"] = "weights",
        ridge: float = 0.0,
        decoder: Literal["transpose", "pseudo_inverse", "least_squares"] = "transpose",
        constant_columns: Literal["clamp", "released"] = "clamp",
    ) -> None: ...

class GCPA(Aligner):
    """GCPA: GPA, then one shared corrector towards the consensus of all views.

    Parameters
    ----------
    base : gpa, gcca, default 'gpa'
        Method that fits the universe that is corrected.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    loss : {tau: number from 0 to 2, lambda: number >= 0}, default None
        tau: Trust radius: drift (1 - cosine) up to it costs nothing; lambda: Weight of the drift beyond the trust radius.
    hidden : number > 0, <= 64, default 2.0
        Hidden width of the corrector as a multiple of the universe's width.
    training : released, fast, default 'released'
        Training of the corrector.
    rescale : none, all, universe, default 'none'
        Corrected vectors that get their former length back.
    solver : released, accelerated, default 'released'
        Solver of GPA (``base.gpa.solver``).
    max_iter : integer >= 1, or None, default None
        Maximum number of sweeps of GPA; None is 100 released, 500 accelerated (``base.gpa.max_iter``).
    tol : number >= 0, default 1e-08
        Stop GPA when a sweep changes less than this (``base.gpa.tol``).
    orientation : principal, default None
        Rotate GPA's universe to the principal axes of the consensus (``base.gpa.orientation``).
    tau : number from 0 to 2, default 0.08
        Trust radius: drift (1 - cosine) up to it costs nothing (``loss.tau``).
    lambda_ : number >= 0, default 0.7
        Weight of the drift beyond the trust radius (``loss.lambda``).
    epochs : integer >= 1, default 50
        Maximum number of epochs (``training.released.epochs``).
    steps_per_epoch : integer >= 1, default 200
        Steps of an epoch (``training.released.steps_per_epoch``).
    batch : integer >= 1, default 4096
        Rows of a batch (``training.released.batch``).
    lr : number > 0, default 0.002
        Learning rate of AdamW (``training.released.lr``).
    weight_decay : number >= 0, default 0.0001
        Decoupled weight decay (``training.released.weight_decay``).
    validation_fraction : number > 0, < 1, default 0.1
        Fraction of the training items held out to choose the weights, at most 16,384 items (``training.released.validation_fraction``).
    validation : sampled, full, default 'sampled'
        Validation loss: on random draws of the held-out rows, or on all of them (``training.released.validation``).
    batches : integer >= 1, default 50
        Number of draws whose mean is one validation (``training.released.validation.sampled.batches``).
    """
    base: Literal["gpa", "gcca"] | Mapping[str, Any] | Aligner
    constant_columns: Literal["clamp", "released"]
    loss: Mapping[str, Any] | None
    hidden: float
    training: Literal["released", "fast"] | Mapping[str, Any] | Aligner
    rescale: Literal["none", "all", "universe"]
    def __init__(
        self,
        *,
        base: Literal["gpa", "gcca"] | Mapping[str, Any] | Aligner = "gpa",
        constant_columns: Literal["clamp", "released"] = "clamp",
        loss: Mapping[str, Any] | None = None,
        hidden: float = 2.0,
        training: Literal["released", "fast"] | Mapping[str, Any] | Aligner = "released",
        rescale: Literal["none", "all", "universe"] = "none",
        solver: Literal["released", "accelerated"] = ...,
        max_iter: int | None = ...,
        tol: float = ...,
        orientation: Literal["principal"] | None = ...,
        tau: float = ...,
        lambda_: float = ...,
        epochs: int = ...,
        steps_per_epoch: int = ...,
        batch: int = ...,
        lr: float = ...,
        weight_decay: float = ...,
        validation_fraction: float = ...,
        validation: Literal["sampled", "full"] | Mapping[str, Any] | Aligner = ...,
        batches: int = ...,
    ) -> None: ...

class AddView(Aligner):
    """Add view to GPA: GPA or GCPA on all views but the last, which is then added to their universe.

    Parameters
    ----------
    base : gpa, gcpa, default 'gpa'
        Method that fits the universe of the other views.
    form : scaled, orthogonal, default 'scaled'
        Map of the added view: a pairwise translator (released), or one orthogonal Procrustes step.
    """
    base: Literal["gpa", "gcpa"] | Mapping[str, Any] | Aligner
    form: Literal["scaled", "orthogonal"]
    def __init__(
        self,
        *,
        base: Literal["gpa", "gcpa"] | Mapping[str, Any] | Aligner = "gpa",
        form: Literal["scaled", "orthogonal"] = "scaled",
    ) -> None: ...

class CCA(Aligner):
    """CCA: regression, reduced rank or whiten-rotate-dewhiten, one map per ordered pair of views.

    Parameters
    ----------
    rank : integer >= 1, or None, default None
        Number of canonical directions, the most correlated first; None uses all.
    ridge : number >= 0, default 0.0
        Ridge: directions of standard deviation below its square root count for less.
    power : number from 0 to 4, default 1.0
        Power of the canonical correlations as weights: 1 is regression, 0 a rotation of whitened views.
    """
    rank: int | None
    ridge: float
    power: float
    def __init__(
        self,
        *,
        rank: int | None = None,
        ridge: float = 0.0,
        power: float = 1.0,
    ) -> None: ...

class Pivot(Aligner):
    """Pivot: orthogonal Procrustes of every view into the one that agrees best with all.

    Parameters
    ----------
    pivot : name of a view, or None, default None
        View whose coordinates are the universe; None is the view that agrees best with all others.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    """
    pivot: str | None
    constant_columns: Literal["clamp", "released"]
    def __init__(
        self,
        *,
        pivot: str | None = None,
        constant_columns: Literal["clamp", "released"] = "clamp",
    ) -> None: ...

class SUMCOR(Aligner):
    """SUMCOR: multiset CCA (sum of correlations), or a point on the path from it to Procrustes.

    Parameters
    ----------
    shrinkage : number from 0 to 1, default 0.0
        Mixture of whitened views (0, SUMCOR) and unwhitened views (1, Procrustes).
    rank : integer >= 1, or None, default None
        Width of the universe: the first principal axes of the solution; None keeps all.
    tol : number >= 0, default 1e-06
        Stop when a sweep changes the objective by less than this share.
    max_iter : integer >= 1, or None, default None
        Maximum number of sweeps over the views; None is 500.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    """
    shrinkage: float
    rank: int | None
    tol: float
    max_iter: int | None
    constant_columns: Literal["clamp", "released"]
    def __init__(
        self,
        *,
        shrinkage: float = 0.0,
        rank: int | None = None,
        tol: float = 1e-06,
        max_iter: int | None = None,
        constant_columns: Literal["clamp", "released"] = "clamp",
    ) -> None: ...

class SRM(Aligner):
    """SRM: deterministic shared response model: a few shared directions of each view.

    Parameters
    ----------
    features : integer >= 1, or None, default None
        Number of shared features, at most the narrowest view's width; None is half of it.
    max_iter : integer >= 1, default 100
        Maximum number of sweeps over the views.
    tol : number >= 0, default 1e-06
        Stop when a sweep changes the objective by less than this share.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    """
    features: int | None
    max_iter: int
    tol: float
    constant_columns: Literal["clamp", "released"]
    def __init__(
        self,
        *,
        features: int | None = None,
        max_iter: int = 100,
        tol: float = 1e-06,
        constant_columns: Literal["clamp", "released"] = "clamp",
    ) -> None: ...

class ConsensusRidge(Aligner):
    """Consensus ridge: GPA or GCCA, then one shared linear map towards the consensus of all views, in closed form.

    Parameters
    ----------
    base : gpa, gcca, default 'gpa'
        Method that fits the universe that is corrected.
    ridge : number >= 0, default 0.1
        Ridge, in units of the mean square of a universe coordinate.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    solver : released, accelerated, default 'released'
        Solver of GPA (``base.gpa.solver``).
    max_iter : integer >= 1, or None, default None
        Maximum number of sweeps of GPA; None is 100 released, 500 accelerated (``base.gpa.max_iter``).
    tol : number >= 0, default 1e-08
        Stop GPA when a sweep changes less than this (``base.gpa.tol``).
    orientation : principal, default None
        Rotate GPA's universe to the principal axes of the consensus (``base.gpa.orientation``).
    """
    base: Literal["gpa", "gcca"] | Mapping[str, Any] | Aligner
    ridge: float
    constant_columns: Literal["clamp", "released"]
    def __init__(
        self,
        *,
        base: Literal["gpa", "gcca"] | Mapping[str, Any] | Aligner = "gpa",
        ridge: float = 0.1,
        constant_columns: Literal["clamp", "released"] = "clamp",
        solver: Literal["released", "accelerated"] = ...,
        max_iter: int | None = ...,
        tol: float = ...,
        orientation: Literal["principal"] | None = ...,
    ) -> None: ...

class Relative(Aligner):
    """Relative: relative representations: cosines to anchor items that all views have.

    Parameters
    ----------
    anchors : integer >= 1, or None, default None
        Number of anchor items; None is 256, or all where there are fewer.
    decoder : transpose, pseudo_inverse, least_squares, default 'least_squares'
        Map from the universe back to a view.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    """
    anchors: int | None
    decoder: Literal["transpose", "pseudo_inverse", "least_squares"]
    constant_columns: Literal["clamp", "released"]
    def __init__(
        self,
        *,
        anchors: int | None = None,
        decoder: Literal["transpose", "pseudo_inverse", "least_squares"] = "least_squares",
        constant_columns: Literal["clamp", "released"] = "clamp",
    ) -> None: ...

class KernelGCCA(Aligner):
    """Kernel GCCA: regularised MAXVAR GCCA of Nyström features of an RBF kernel.

    Parameters
    ----------
    landmarks : integer >= rank, or None, default None
        Number of landmark items; None is 256, or all where there are fewer.
    bandwidth : number > 0, default 1.0
        Squared bandwidth of the RBF kernel, in units of the view's width.
    ridge : number > 0, default 0.01
        Ridge of the GCCA.
    rank : integer >= 1, or None, default None
        Width of the universe, at most the number of landmarks; None is 32, or that number.
    constant_columns : clamp, released, default 'clamp'
        Treatment of columns that are constant on the training rows: set to 0, or divided by 1e-8 as released.
    """
    landmarks: int | None
    bandwidth: float
    ridge: float
    rank: int | None
    constant_columns: Literal["clamp", "released"]
    def __init__(
        self,
        *,
        landmarks: int | None = None,
        bandwidth: float = 1.0,
        ridge: float = 0.01,
        rank: int | None = None,
        constant_columns: Literal["clamp", "released"] = "clamp",
    ) -> None: ...

class LowRankAffine(Aligner):
    """LRA: reduced-rank ridge regression, one affine map per ordered pair of views.

    Parameters
    ----------
    rank : integer >= 1, or None, default None
        Rank of the maps; None sets no limit.
    ridge : number >= 0, default 0.3
        Ridge in units of the mean squared length of a row.
    columns : z_score, centre, none, default 'centre'
        Columns before the fit: standardised, centred, or as they are.
    solver : closed, trained, default 'closed'
        Closed form, or training by gradient descent.
    """
    rank: int | None
    ridge: float
    columns: Literal["z_score", "centre", "none"]
    solver: Literal["closed", "trained"] | Mapping[str, Any] | Aligner
    def __init__(
        self,
        *,
        rank: int | None = None,
        ridge: float = 0.3,
        columns: Literal["z_score", "centre", "none"] = "centre",
        solver: Literal["closed", "trained"] | Mapping[str, Any] | Aligner = "closed",
    ) -> None: ...

class ResidualMlp(Aligner):
    """RMLP: an affine map and a small network that corrects it, for every ordered pair of views.

    Parameters
    ----------
    start : procrustes, ridge, default 'procrustes'
        Affine map from which the network starts.
    hidden : integer >= 1, default 256
        Width of the hidden layer, at most 65,536.
    scale : True, False, default False
        Train a factor for every column, too.
    columns : z_score, centre, none, default 'centre'
        Columns before the fit: standardised, centred, or as they are.
    ridge : number >= 0, default 0.3
        Ridge of `start: ridge`, as in low_rank_affine.
    training : {steps: integer >= 1, batch: integer >= 1, lr: number > 0, weight_decay: number >= 0, validation_fraction: number between 0 and 1}, default None
        steps: Number of steps; batch: Pairs per batch; lr: Largest learning rate of AdamW; weight_decay: Decoupled weight decay; validation_fraction: Share of the pairs that choose the weights.
    steps : integer >= 1, default 600
        Number of steps (``training.steps``).
    batch : integer >= 1, default 128
        Pairs per batch (``training.batch``).
    lr : number > 0, default 0.001
        Largest learning rate of AdamW (``training.lr``).
    weight_decay : number >= 0, default 0.0001
        Decoupled weight decay (``training.weight_decay``).
    validation_fraction : number between 0 and 1, default 0.1
        Share of the pairs that choose the weights (``training.validation_fraction``).
    """
    start: Literal["procrustes", "ridge"]
    hidden: int
    scale: bool
    columns: Literal["z_score", "centre", "none"]
    ridge: float
    training: Mapping[str, Any] | None
    def __init__(
        self,
        *,
        start: Literal["procrustes", "ridge"] = "procrustes",
        hidden: int = 256,
        scale: bool = False,
        columns: Literal["z_score", "centre", "none"] = "centre",
        ridge: float = 0.3,
        training: Mapping[str, Any] | None = None,
        steps: int = ...,
        batch: int = ...,
        lr: float = ...,
        weight_decay: float = ...,
        validation_fraction: float = ...,
    ) -> None: ...

class Select(Aligner):
    """Selected GCCA: a method whose parameters are chosen by cross-validation on the training items.

    Parameters
    ----------
    method : name of a method, default 'gcca'
        The method.
    with_ : mapping of parameters, default None
        Parameters that all candidates share.
    over : mapping from parameters to lists, default None
        Values to try for each parameter; if empty, those that the method suggests.
    folds : integer >= 2, default 5
        Number of folds of the training items.
    task : task, default 'retrieval'
        Task on the items that a fold holds out.
    by : metric of the task, default 'rank1'
        Metric that chooses.
    rule : best, one_standard_error, default 'best'
        The best score, or the fewest parameters within one standard error of it.
    budget : integer >= 1, default 24
        Number of candidates at most.
    """
    method: str | Mapping[str, Any] | Aligner
    with_: Mapping[str, Any] | None
    over: Mapping[str, Sequence[Any]] | None
    folds: int
    task: str | Mapping[str, Any] | Aligner
    by: str | Mapping[str, Any] | Aligner
    rule: Literal["best", "one_standard_error"]
    budget: int
    def __init__(
        self,
        *,
        method: str | Mapping[str, Any] | Aligner = "gcca",
        with_: Mapping[str, Any] | None = None,
        over: Mapping[str, Sequence[Any]] | None = None,
        folds: int = 5,
        task: str | Mapping[str, Any] | Aligner = "retrieval",
        by: str | Mapping[str, Any] | Aligner = "rank1",
        rule: Literal["best", "one_standard_error"] = "best",
        budget: int = 24,
    ) -> None: ...
