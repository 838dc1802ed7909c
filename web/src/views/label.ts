import { CanvasTexture, Sprite, SpriteMaterial, SRGBColorSpace } from 'three';
import { context2d } from './canvas2d.js';

const SIDE_PX = 64;

/** A number on a disc that always faces the viewer, of one size on the screen. */
export interface Label {
  readonly sprite: Sprite;
  /** null hides it. */
  show(text: string | null, fill: string, ink: string): void;
  dispose(): void;
}

export function createLabel(): Label {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE_PX;
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  const material = new SpriteMaterial({ map: texture, sizeAttenuation: false, depthTest: false });
  const sprite = new Sprite(material);
  sprite.scale.setScalar(0.035);
  let drawn = '';
  return {
    sprite,
    show(text, fill, ink) {
      material.visible = text !== null;
      const wanted = `${text} ${fill} ${ink}`;
      if (text === null || wanted === drawn) return;
      drawn = wanted;
      paint(context2d(canvas), text, fill, ink);
      texture.needsUpdate = true;
    },
    dispose() {
      texture.dispose();
      material.dispose();
    },
  };
}

function paint(context: CanvasRenderingContext2D, text: string, fill: string, ink: string): void {
  const middle = SIDE_PX / 2;
  context.clearRect(0, 0, SIDE_PX, SIDE_PX);
  context.fillStyle = fill;
  context.beginPath();
  context.arc(middle, middle, middle - 2, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = ink;
  context.font = `700 ${SIDE_PX * 0.62}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, middle, middle + 2);
}
