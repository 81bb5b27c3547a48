; ModuleID = '__compute_module_broadcast_divide_fusion_kernel_module'
source_filename = "__compute_module_broadcast_divide_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @broadcast_divide_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
iter.check:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !4
  tail call void @llvm.experimental.noalias.scope.decl(metadata !5)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !8)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !10)
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !12
  %8 = load i32, ptr %7, align 4, !invariant.load !3, !alias.scope !8, !noalias !13
  %9 = sitofp i32 %8 to float
  %broadcast.splatinsert = insertelement <8 x float> poison, float %9, i64 0
  %broadcast.splat = shufflevector <8 x float> %broadcast.splatinsert, <8 x float> poison, <8 x i32> zeroinitializer
  %10 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %11 = getelementptr inbounds nuw i8, ptr %3, i64 64
  %12 = getelementptr inbounds nuw i8, ptr %3, i64 96
  %wide.load = load <8 x float>, ptr %3, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %wide.load1 = load <8 x float>, ptr %10, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %wide.load2 = load <8 x float>, ptr %11, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %wide.load3 = load <8 x float>, ptr %12, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %13 = fdiv <8 x float> %broadcast.splat, %wide.load
  %14 = fdiv <8 x float> %broadcast.splat, %wide.load1
  %15 = fdiv <8 x float> %broadcast.splat, %wide.load2
  %16 = fdiv <8 x float> %broadcast.splat, %wide.load3
  %17 = getelementptr inbounds nuw i8, ptr %5, i64 32
  %18 = getelementptr inbounds nuw i8, ptr %5, i64 64
  %19 = getelementptr inbounds nuw i8, ptr %5, i64 96
  store <8 x float> %13, ptr %5, align 4, !alias.scope !10, !noalias !15
  store <8 x float> %14, ptr %17, align 4, !alias.scope !10, !noalias !15
  store <8 x float> %15, ptr %18, align 4, !alias.scope !10, !noalias !15
  store <8 x float> %16, ptr %19, align 4, !alias.scope !10, !noalias !15
  %20 = getelementptr inbounds nuw i8, ptr %3, i64 128
  %21 = getelementptr inbounds nuw i8, ptr %3, i64 160
  %22 = getelementptr inbounds nuw i8, ptr %3, i64 192
  %23 = getelementptr inbounds nuw i8, ptr %3, i64 224
  %wide.load.1 = load <8 x float>, ptr %20, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %wide.load1.1 = load <8 x float>, ptr %21, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %wide.load2.1 = load <8 x float>, ptr %22, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %wide.load3.1 = load <8 x float>, ptr %23, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %24 = fdiv <8 x float> %broadcast.splat, %wide.load.1
  %25 = fdiv <8 x float> %broadcast.splat, %wide.load1.1
  %26 = fdiv <8 x float> %broadcast.splat, %wide.load2.1
  %27 = fdiv <8 x float> %broadcast.splat, %wide.load3.1
  %28 = getelementptr inbounds nuw i8, ptr %5, i64 128
  %29 = getelementptr inbounds nuw i8, ptr %5, i64 160
  %30 = getelementptr inbounds nuw i8, ptr %5, i64 192
  %31 = getelementptr inbounds nuw i8, ptr %5, i64 224
  store <8 x float> %24, ptr %28, align 4, !alias.scope !10, !noalias !15
  store <8 x float> %25, ptr %29, align 4, !alias.scope !10, !noalias !15
  store <8 x float> %26, ptr %30, align 4, !alias.scope !10, !noalias !15
  store <8 x float> %27, ptr %31, align 4, !alias.scope !10, !noalias !15
  %broadcast.splatinsert4 = insertelement <8 x float> poison, float %9, i64 0
  %broadcast.splat5 = shufflevector <8 x float> %broadcast.splatinsert4, <8 x float> poison, <8 x i32> zeroinitializer
  %32 = getelementptr inbounds nuw i8, ptr %3, i64 256
  %wide.load7 = load <8 x float>, ptr %32, align 4, !invariant.load !3, !alias.scope !5, !noalias !14
  %33 = fdiv <8 x float> %broadcast.splat5, %wide.load7
  %34 = getelementptr inbounds nuw i8, ptr %5, i64 256
  store <8 x float> %33, ptr %34, align 4, !alias.scope !10, !noalias !15
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 288}
!5 = !{!6}
!6 = distinct !{!6, !7, !"broadcast_divide_fusion_wrapped: argument 0"}
!7 = distinct !{!7, !"broadcast_divide_fusion_wrapped"}
!8 = !{!9}
!9 = distinct !{!9, !7, !"broadcast_divide_fusion_wrapped: argument 1"}
!10 = !{!11}
!11 = distinct !{!11, !7, !"broadcast_divide_fusion_wrapped: argument 2"}
!12 = !{i64 4}
!13 = !{!6, !11}
!14 = !{!9, !11}
!15 = !{!6, !9}
