"""What a camera and the light do to a gray picture: photometric changes and random views."""
import cv2
import numpy as np

Rng = np.random.Generator


def tone(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Gamma, contrast and brightness. image float32 in 0..1."""
    gamma = np.exp(rng.uniform(-0.5, 0.5))
    contrast, brightness = rng.uniform(0.5, 1.4), rng.uniform(-0.15, 0.15)
    return (np.power(image, gamma) - 0.5) * contrast + 0.5 + brightness


def shading(image: np.ndarray, rng: Rng) -> np.ndarray:
    """A smooth multiplicative field, as clouds, lamps and vignetting make."""
    h, w = image.shape
    field = rng.normal(0, rng.uniform(0.1, 0.4), (rng.integers(2, 6), rng.integers(2, 7))).astype(np.float32)
    return image * np.exp(cv2.resize(field, (w, h), interpolation=cv2.INTER_CUBIC))


def shadow(image: np.ndarray, rng: Rng) -> np.ndarray:
    """A hard-edged cast shadow."""
    h, w = image.shape
    corners = rng.uniform(-0.3, 1.3, (rng.integers(3, 6), 2)) * (w, h)
    mask = np.zeros((h, w), np.float32)
    cv2.fillPoly(mask, [cv2.convexHull(corners.astype(np.int32))], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 3))
    return image * (1 - mask * rng.uniform(0.3, 0.7))


def noise(rng: Rng, sigma: float, shape: tuple[int, int]) -> np.ndarray:
    return rng.standard_normal(shape, np.float32) * np.float32(sigma)


def night(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Dark, steep, with a few lamps; the camera's gain comes back as noise."""
    h, w = image.shape
    dark = np.power(np.clip(image, 0, 1), rng.uniform(1.2, 2.0)) * rng.uniform(0.2, 0.6)
    xs, ys = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)[:, None]
    for _ in range(rng.integers(0, 4)):
        x, y, radius = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(5, 70)
        halo = np.exp(-((xs - x) ** 2) / (2 * radius**2)) * np.exp(-((ys - y) ** 2) / (2 * radius**2))
        dark = dark * (1 + rng.uniform(0.5, 4) * halo) + rng.uniform(0, 0.3) * halo
    return dark + noise(rng, rng.uniform(0.004, 0.015), (h, w))


def blur(image: np.ndarray, rng: Rng) -> np.ndarray:
    if rng.random() < 0.65:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.4))
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
    middle = np.array([(length - 1) / 2] * 2)
    a, b = (tuple(int(round(v)) for v in middle + s * reach) for s in (-1, 1))
    cv2.line(kernel, a, b, 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def jpeg(image: np.ndarray, rng: Rng) -> np.ndarray:
    pixels = np.clip(image * 255, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255


def keep_visible(image: np.ndarray) -> np.ndarray:
    """An exposure that leaves nothing to see teaches nothing: pull the middle and the spread back."""
    low, middle, high = np.percentile(image[::4, ::4], (5, 50, 95))
    if middle < 0.04 or middle > 0.97 or high - low < 0.06:
        image = (image - middle) * max(1.0, 0.12 / (high - low + 1e-3)) + np.clip(middle, 0.08, 0.9)
    return image


def photometric(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    """pixels uint8 [H,W] -> uint8 [H,W]; each effect by its own chance."""
    image = pixels.astype(np.float32) / 255
    light = night if rng.random() < 0.12 else tone
    for chance, effect in ((0.35, shading), (0.15, shadow), (0.85, light), (0.25, blur)):
        if rng.random() < chance:
            image = effect(np.clip(image, 0, 1), rng)
    image = keep_visible(image)
    if rng.random() < 0.5:
        image = image + noise(rng, rng.uniform(0.002, 0.025), image.shape)
    if rng.random() < 0.3:
        image = jpeg(image, rng)
    return np.clip(image * 255, 0, 255).astype(np.uint8)


def view_homography(rng: Rng, centre, scale: float, angle: float, tilt: float, size: tuple[int, int]) -> np.ndarray:
    """Source px -> view px (both with pixel centres at +0.5): turn, scale, then a random perspective.

    centre is the source point that lands in the middle of the view; angle in rad; tilt is the largest
    corner shift as a fraction of the view's size.
    """
    w, h = size
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    similarity = np.array([[c, -s, w / 2 - c * centre[0] + s * centre[1]],
                           [s, c, h / 2 - s * centre[0] - c * centre[1]], [0, 0, 1]])
    corners = np.float32([[0, 0], [w, 0], [w, h], [0, h]])
    moved = corners + rng.uniform(-tilt, tilt, (4, 2)).astype(np.float32) * (w, h)
    return cv2.getPerspectiveTransform(corners, moved.astype(np.float32)) @ similarity


def warp_points(points: np.ndarray, homography: np.ndarray) -> np.ndarray:
    mapped = points @ homography[:, :2].T + homography[:, 2]
    return mapped[:, :2] / mapped[:, 2:]


HALF = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])


def warp_image(pixels: np.ndarray, homography: np.ndarray, size: tuple[int, int], border: int) -> np.ndarray:
    """OpenCV counts pixel centres at integers; the homography counts them at +0.5."""
    at_integers = np.linalg.inv(HALF) @ homography @ HALF
    return cv2.warpPerspective(pixels, at_integers, size, flags=cv2.INTER_LINEAR, borderMode=border)
