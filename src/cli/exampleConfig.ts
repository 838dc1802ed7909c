/** A configuration to copy, with everything there is. `# ` is a remark; `#key` is a setting that may be switched on. */
export const EXAMPLE_CONFIG = `# posestream serve posestream.yaml
#
# Paths are meant from where this file lies. \${VAR} and \${VAR:-default} come from the environment.
# Changes to streams: and map: count at once while the server runs, others after a restart.

listen:
  host: 127.0.0.1            # any other address needs a token
  port: 8080                 # 0 takes any free port
  #token: \${POSE_TOKEN}       # may do everything; at least 16 characters
  #tokens:                    # may do what their scopes say
    #- token: \${DASHBOARD_TOKEN}
      #scopes: ["read:*"]      # read:*, read:<stream>, ingest:*, ingest:<stream>, admin
    #- token: \${PHONE_TOKEN}
      #scopes: [read:phone, ingest:phone]
  #origins: [https://app.foxglove.dev] # other pages that may open sockets

# Where streams are localized: made by posestream map build.
map: town.map
#mapRoots: [maps]             # maps that may be swapped in over REST; default: the folder of the map
#model: models/hfnet.json     # network; default: the one of this package

streams:
  - id: car                  # letters, digits, - and _
    source: drive.mp4        # a video file, rtsp://…, rtmp://…, srt://…, udp://…, https://….m3u8, push:, /dev/video0
    #intrinsics: cam.json      # default: intrinsics.json beside the file, else the map's only camera
    #realtime: true            # files play at their own pace; late frames are dropped
    loop: true               # files play again and again
    #maxSidePx: 640            # longer side pictures are scaled to
    #captureClock: camera      # its own, where RTCP tells one that can be right; arrival: ours
    #reference: truth.tum      # messages and page then carry the error
  - id: phone
    source: "push:"          # video comes in at ws://…/ingest/phone
    #intrinsics: phone.json

# What streams that are added over REST may reach; this file may name anything. Public hosts are always allowed.
#sources:
  #fileRoots: [videos]
  #allowPrivateHosts: false
  #allowLocalDevices: false

#limits:
  #maxClients: 4096
  #maxClientsPerAddress: 256
  #maxViewers: 16             # camera pictures are encoded only while somebody watches
  #viewHz: 10
  #maxStreams: 8              # default: four for each core; more are refused with E_CAPACITY

#record: drive.mcap           # poses and all that belongs to them
#recordImagesHz: 2            # pictures a second and stream in the recording

# Others that are sent every fix of a stream.
#outputs:
  #- kind: mavlink            # MAVLink 2 over UDP
    #host: 127.0.0.1
    #port: 14540
    #stream: car
    #message: odometry        # or vision
    #frame: ned               # or frd
    #up: z                    # maps that are not anchored: z, or -y
    #systemId: 1
    #componentId: 197
  #- kind: rosbridge          # geometry_msgs/PoseWithCovarianceStamped
    #url: ws://127.0.0.1:9090
    #stream: car
    #topic: /posestream/car/pose
    #ros: 2                   # or 1
`;
