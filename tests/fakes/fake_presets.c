/*
 * Cards that are like real ones: as much of them as is known from the kernel's sources.
 */
#include "fake_model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PI_PLANE "formats=XR24,AR24,XB24,AB24,RG16 scale=0.01-100 rotate=0,180,x,y alpha in-formats"

static const struct {
    const char *name, *options, *lines;
} presets[] = {
    {"pi4", "driver=vc4",
     "crtcs 2\n"
     "plane primary crtcs=0 zpos=0 " PI_PLANE "\n"
     "plane primary crtcs=1 zpos=0 " PI_PLANE "\n"
     "plane overlay crtcs=0,1 zpos=1..8 " PI_PLANE "\n"
     "plane overlay crtcs=0,1 zpos=1..8 " PI_PLANE "\n"
     "plane overlay crtcs=0,1 zpos=1..8 " PI_PLANE "\n"
     "plane overlay crtcs=0,1 zpos=1..8 " PI_PLANE "\n"
     "plane cursor crtcs=0 zpos=9 max=64x64 " PI_PLANE "\n"
     "plane cursor crtcs=1 zpos=9 max=64x64 " PI_PLANE "\n"
     "connector HDMI-A-1\nconnector HDMI-A-2 off"},
    {"pi5", "driver=vc4",
     "crtcs 3\n"
     "plane primary crtcs=0 zpos=0 filter " PI_PLANE "\n"
     "plane primary crtcs=1 zpos=0 filter " PI_PLANE "\n"
     "plane primary crtcs=2 zpos=0 filter " PI_PLANE "\n"
     "plane overlay zpos=1..8 filter " PI_PLANE "\n"
     "plane overlay zpos=1..8 filter " PI_PLANE "\n"
     "plane overlay zpos=1..8 filter " PI_PLANE "\n"
     "plane cursor crtcs=0 zpos=9 filter max=64x64 " PI_PLANE "\n"
     "plane cursor crtcs=1 zpos=9 filter max=64x64 " PI_PLANE "\n"
     "connector HDMI-A-1 crtcs=0 1920x1080@60* 1280x720@60 640x480@60\n"
     "connector HDMI-A-2 crtcs=1 off\nconnector DSI-1 crtcs=2 off"},
    {"spi", "driver=ili9341 depth=16 no-vblank panel prefer-shadow",
     "crtcs 1\nplane primary formats=RG16,XR24 damage cover\nconnector SPI-1 edid= mm=48x64 320x240@30*"},
    {"virtio", "driver=virtio_gpu no-vblank panel",
     "crtcs 1\nplane primary formats=XR24 cover\nplane cursor formats=AR24 max=64x64\n"
     "connector Virtual-1 1280x800@60* 1024x768@60 640x480@60"},
    {"bare", "driver=bare", "crtcs 1\nplane primary formats=XR24 cover\nconnector HDMI-A-1"},
    {"render", "driver=v3d no-dumb no-atomic", ""},
};

const char *fake_preset(const char *name, const char **options)
{
    for (unsigned n = 0; n < sizeof(presets) / sizeof(presets[0]); n++)
        if (!strcmp(name, presets[n].name)) {
            *options = presets[n].options;
            return presets[n].lines;
        }
    return NULL;
}
