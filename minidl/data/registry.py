"""What is known of every dataset: files, sizes, checksums, addresses, licence, citation. Facts only; no code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """One file to download: its size in bytes and its checksums, written "algorithm:hex digits".

    `checksum` is empty where nobody publishes one. `unpacked` is the checksum of the file that gunzip leaves, under the
    name without .gz.
    """

    name: str
    size: int
    checksum: str
    unpacked: str = ""


@dataclass(frozen=True)
class Files:
    """How many files of an unpacked archive match a pattern, and the size of each where all have the same."""

    pattern: str
    count: int
    size: int = 0


@dataclass(frozen=True)
class Layout:
    """One way in which an unpacked archive may lie in its folder. `data` is the folder inside that is read from."""

    data: str
    files: tuple[Files, ...]


@dataclass(frozen=True)
class DatasetInfo:
    """One dataset. `source` is a sentence; `mirrors` are addresses that a file's name completes, tried in turn.

    A dataset with `layouts` is one archive that is unpacked into a folder; the others are files that are read as they
    are. `terms` is what one agrees to before the download, where the licence asks for more than naming the source.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    source: str
    licence: str
    citation: str
    folders: tuple[str, ...] = ()  # names that its sub-folder may have; a download goes into the first
    files: tuple[RemoteFile, ...] = ()
    mirrors: tuple[str, ...] = ()
    layouts: tuple[Layout, ...] = ()
    unpacked_size: int = 0  # bytes, roughly: for the free disk space, and to recognise an archive that explodes
    terms: str = ""
    stand_in: str = "digits"  # what `load` gives without a network


_DIGITS = tuple("0123456789")
_CATS_AND_DOGS_LICENCE = "Microsoft Research licence, non-commercial research only"
_CATS_AND_DOGS_TERMS = "for non-commercial research only; the photographs must not be published again"
_ASIRRA = (
    "J. Elson, J. Douceur, J. Howell, J. Saul. Asirra: a CAPTCHA that Exploits Interest-Aligned Manual Image "
    "Categorization. ACM Conference on Computer and Communications Security, 2007."
)

_ALL = (
    DatasetInfo(
        name="digits",
        title="Handwritten digits, 8x8",
        classes=_DIGITS,
        source=(
            "Real data: 1,797 handwritten digits of 8x8 pixels, embedded with scikit-learn "
            "(Alpaydin and Kaynak, UCI 1998; CC BY 4.0)."
        ),
        licence="CC BY 4.0",
        citation=(
            "E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998. "
            "doi:10.24432/C50P49"
        ),
    ),
    DatasetInfo(
        name="mnist",
        title="Handwritten digits, 28x28",
        classes=_DIGITS,
        source="Real data: 70,000 handwritten digits of 28x28 pixels (MNIST, LeCun and Cortes; CC BY-SA 3.0).",
        licence="CC BY-SA 3.0",
        citation=(
            "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner. Gradient-based learning applied to document recognition. "
            "Proceedings of the IEEE 86(11), 1998."
        ),
        folders=("mnist",),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
    ),
    DatasetInfo(
        name="fashion_mnist",
        title="Zalando's articles of clothing, 28x28",
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        source="Real data: 70,000 pictures of clothing of 28x28 pixels (Fashion-MNIST, Zalando Research; MIT).",
        licence="MIT",
        citation=(
            "H. Xiao, K. Rasul, R. Vollgraf. Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning "
            "Algorithms. arXiv:1708.07747, 2017."
        ),
        folders=("fashion-mnist", "fashion_mnist"),
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ),
    ),
    DatasetInfo(
        name="airfoil",
        title="Noise of aerofoils in a wind tunnel: 5 numbers in, sound pressure out",
        classes=(),  # a number is predicted
        source=(
            "Real data: 1,503 wind-tunnel measurements of aerofoil noise in dB "
            "(Brooks, Pope and Marcolini, NASA 1989, by way of UCI; CC BY 4.0)."
        ),
        licence="CC BY 4.0",
        citation=(
            "Brooks, T., Pope, D., & Marcolini, M. (1989). Airfoil Self-Noise [Dataset]. UCI Machine Learning "
            "Repository. https://doi.org/10.24432/C5VW2C."
        ),
        folders=("airfoil",),
        mirrors=(
            "http://d2l-data.s3-accelerate.amazonaws.com/",
            "https://archive.ics.uci.edu/ml/machine-learning-databases/00291/",
        ),
        files=(
            RemoteFile(
                "airfoil_self_noise.dat",
                59_984,
                "sha256:74c75fd71783f1e6b71f8a622b993dc592897a97cd689c5090a07147a1b097b3",
            ),
        ),
    ),
    DatasetInfo(
        name="cifar10",
        title="Small colour photographs of ten kinds of things, 32x32",
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        source="Real data: 60,000 colour photographs of 32x32 pixels (CIFAR-10, Krizhevsky; no licence stated).",
        licence="none stated; cite the source",
        citation="A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. University of Toronto, 2009.",
        folders=("cifar10", "cifar-10"),
        mirrors=("https://www.cs.toronto.edu/~kriz/",),
        files=(
            RemoteFile(  # the binary version: the Python version is made of pickles, which can run any code
                "cifar-10-binary.tar.gz",
                170_052_171,
                "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
        layouts=(
            Layout("cifar-10-batches-bin", (Files("cifar-10-batches-bin/*.bin", 6, 30_730_000),)),
            Layout("", (Files("*.bin", 6, 30_730_000),)),
        ),
        unpacked_size=184_400_000,
    ),
    DatasetInfo(
        name="cats_and_dogs",
        title="Photographs of cats and dogs, of any size",
        classes=("cat", "dog"),
        source=(
            "Real data: 25,000 photographs of cats and dogs (Asirra, Microsoft Research and Petfinder, by way of "
            "Kaggle; non-commercial research only)."
        ),
        licence=_CATS_AND_DOGS_LICENCE,
        citation=_ASIRRA,
        folders=("cats_and_dogs", "cats-and-dogs"),
        mirrors=("https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/",),
        files=(
            RemoteFile(
                "kagglecatsanddogs_5340.zip",
                824_887_076,
                "sha256:b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
            ),
        ),
        layouts=(
            Layout("PetImages", (Files("PetImages/Cat/*.jpg", 12_500), Files("PetImages/Dog/*.jpg", 12_500))),
            Layout("train", (Files("train/cat.*.jpg", 12_500), Files("train/dog.*.jpg", 12_500))),  # Kaggle's own zip
            Layout("", (Files("Cat/*.jpg", 12_500), Files("Dog/*.jpg", 12_500))),
            Layout("", (Files("cat.*.jpg", 12_500), Files("dog.*.jpg", 12_500))),
        ),
        unpacked_size=900_000_000,
        terms=_CATS_AND_DOGS_TERMS,
        stand_in="cat_dog_faces",
    ),
    DatasetInfo(
        name="cats_and_dogs_filtered",
        title="Photographs of cats and dogs, the 3,000 of a well-known course",
        classes=("cat", "dog"),
        source=(
            "Real data: 3,000 photographs of cats and dogs, chosen by Google's course from Kaggle's 25,000 "
            "(non-commercial research only)."
        ),
        licence=_CATS_AND_DOGS_LICENCE,
        citation=_ASIRRA,
        folders=("cats_and_dogs_filtered", "cats-and-dogs-filtered"),
        mirrors=("https://storage.googleapis.com/mledu-datasets/",),
        files=(RemoteFile("cats_and_dogs_filtered.zip", 68_606_236, ""),),  # no checksum is published
        layouts=(
            Layout(
                "train",
                (
                    Files("train/cats/*.jpg", 1_000),
                    Files("train/dogs/*.jpg", 1_000),
                    Files("validation/cats/*.jpg", 500),
                    Files("validation/dogs/*.jpg", 500),
                ),
            ),
        ),
        unpacked_size=75_000_000,
        terms=_CATS_AND_DOGS_TERMS,
        stand_in="cat_dog_faces",
    ),
    DatasetInfo(
        name="moons",
        title="Two half circles in the plane",
        classes=("upper", "lower"),
        source="Generated data: two noisy half circles in the plane, drawn by minidl.data.make_moons.",
        licence="none needed",
        citation="minidl.data.make_moons",
    ),
    DatasetInfo(
        name="spirals",
        title="Spiral arms in the plane",
        classes=(),  # as many as asked for
        source="Generated data: noisy spiral arms in the plane, drawn by minidl.data.make_spirals.",
        licence="none needed",
        citation="minidl.data.make_spirals",
    ),
    DatasetInfo(
        name="cat_dog_faces",
        title="Drawn faces of cats and dogs, 64x64 in colour",
        classes=("cat", "dog"),
        source="Generated data: drawn faces of cats and dogs, no photographs, by minidl.data.make_cat_dog_faces.",
        licence="none needed",
        citation="minidl.data.make_cat_dog_faces",
    ),
)

DATASETS: dict[str, DatasetInfo] = {info.name: info for info in _ALL}
"""Every dataset by name, in the order in which it is best met."""
