"""A camera that is not ours: GStreamer's RTSP server (Debian: gir1.2-gst-rtsp-server-1.0). Every picture bears the wall
clock of the moment it was made, as 48 black or white squares, so that whoever receives it can tell its age.

    python3 gstCamera.py [--port 0] [--size 640x480] [--fps 30] [--codec h264|h265|vp8|jpeg] [--pictures FILE]
                                                                       prints its port once it listens

--pictures shows raw I420 pictures, again and again, in place of the squares.
"""
import argparse
import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

BITS, SQUARE = 48, 16


def picture(width: int, height: int, count: int) -> bytes:
    """I420: the time in ms since the epoch, most significant bit first, squares from the top left; a moving bar below."""
    now = int(time.time() * 1000)
    per_row = width // SQUARE
    luma = bytearray()
    for first in range(0, BITS, per_row):
        bits = [(now >> (BITS - 1 - i)) & 1 for i in range(first, min(first + per_row, BITS))]
        row = b"".join((b"\xeb" if bit else b"\x10") * SQUARE for bit in bits).ljust(width, b"\x10")
        luma += row * SQUARE
    bar = count * 8 % (width - 64)
    row = b"\x40" * bar + b"\xc0" * 64 + b"\x40" * (width - 64 - bar)
    luma += row * (height - len(luma) // width)
    return bytes(luma) + b"\x80" * (width * height // 2)


ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 sliced-threads=false threads=1 bitrate=2000"
            " ! rtph264pay config-interval=1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=2000 ! rtph265pay config-interval=1",
    "vp8": "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30 target-bitrate=2000000 ! rtpvp8pay",
    "jpeg": "jpegenc ! rtpjpegpay",
}


class Camera(GstRtspServer.RTSPMediaFactory):
    def __init__(self, args: argparse.Namespace):
        super().__init__()
        self.width, self.height = map(int, args.size.split("x"))
        self.fps, self.codec = args.fps, args.codec
        self.pictures = open(args.pictures, "rb") if args.pictures else None
        self.set_shared(True)

    def picture(self, count: int) -> bytes:
        if self.pictures is None:
            return picture(self.width, self.height, count)
        size = self.width * self.height * 3 // 2
        shown = self.pictures.read(size)
        if len(shown) < size:
            self.pictures.seek(0)
            shown = self.pictures.read(size)
        return shown

    def do_create_element(self, url):  # noqa: N802
        caps = f"video/x-raw,format=I420,width={self.width},height={self.height},framerate={self.fps}/1"
        return Gst.parse_launch(
            f"( appsrc name=camera is-live=true do-timestamp=true format=time caps={caps}"
            f" ! videoconvert ! {ENCODERS[self.codec]} name=pay0 pt=96 )")

    def do_configure(self, media):  # noqa: N802
        source = media.get_element().get_by_name_recurse_up("camera") or media.get_element().get_by_name("camera")
        state = {"count": 0}

        def push() -> bool:
            frame = self.picture(state["count"])
            state["count"] += 1
            return source.emit("push-buffer", Gst.Buffer.new_wrapped(frame)) == Gst.FlowReturn.OK

        GLib.timeout_add(1000 // self.fps, push)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", default="0")
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--codec", default="h264", choices=sorted(ENCODERS))
    parser.add_argument("--pictures")
    args = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    server.get_mount_points().add_factory("/cam", Camera(args))
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    sys.exit(main())
